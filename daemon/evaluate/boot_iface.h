/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "boot/forecast.h"
#include "state/iface.h"

/* An interface as a forecast takes it; name alone where there is none in the state (NULL). */
struct forecast_iface boot_iface(const struct iface *iface, const char *name);
