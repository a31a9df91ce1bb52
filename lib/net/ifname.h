/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#define NAME_MAX_ 16 /* IFNAMSIZ: an interface's name, or a kind's, with its end */
