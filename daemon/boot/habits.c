/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/boot/services_read.h"

#include "daemon/boot/sysctl_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * What a program is known to write, with no file that says so. It is there if one of the paths is;
 * whether it runs, and with which options, is not known: nothing of this is certain.
 * docs/writers.md says from where each is known.
 */
struct habit {
	const char *program, *paths[4];
	const char *
		word; /* a word that must stand in the first path; NULL: being there is enough */
	const char *name; /* pattern of interfaces; NULL: only said */
	enum boot_key key;
	int value;
	const char *text;
};

static const struct habit habits[] = {
	{ "keepalived", { "/etc/keepalived/keepalived.conf" }, "use_vmac", "vrrp.*",
		BOOT_RP_FILTER, 0, "keepalived sets 0 on its VMAC interfaces" },
	{ "keepalived", { "/etc/keepalived/keepalived.conf" }, "use_vmac", "all",
		BOOT_RP_FILTER, 0,
		"keepalived moves the value of all to every interface for its VMAC interfaces" },
	{ "netavark",
		{ "/usr/lib/podman/netavark", "/usr/libexec/podman/netavark",
			"/usr/bin/netavark" },
		NULL, "podman*", BOOT_RP_FILTER, 2,
		"podman's netavark sets loose on its bridges" },
	{ "Calico", { "/etc/calico", "/var/lib/calico", "/opt/cni/bin/calico" }, NULL,
		"cali*", BOOT_RP_FILTER, -1,
		"Calico's felix sets the value of default on workload interfaces" },
	{ "Calico", { "/etc/calico", "/var/lib/calico", "/opt/cni/bin/calico" }, NULL,
		"all", BOOT_RP_FILTER, 0, "Calico's felix sets all to 0 in BPF mode" },
	{ "Cilium",
		{ "/var/run/cilium", "/opt/cni/bin/cilium-cni",
			"/etc/cni/net.d/05-cilium.conflist" },
		NULL, "all", BOOT_RP_FILTER, 0, "Cilium sets 0, again every 10 s" },
	{ "Cilium",
		{ "/var/run/cilium", "/opt/cni/bin/cilium-cni",
			"/etc/cni/net.d/05-cilium.conflist" },
		NULL, "lxc*", BOOT_RP_FILTER, 0, "Cilium sets 0, again every 10 s" },
	{ "Cilium",
		{ "/var/run/cilium", "/opt/cni/bin/cilium-cni",
			"/etc/cni/net.d/05-cilium.conflist" },
		NULL, "cilium_*", BOOT_RP_FILTER, 0, "Cilium sets 0, again every 10 s" },
	{ "kube-router",
		{ "/var/lib/kube-router", "/etc/cni/net.d/10-kuberouter.conflist" }, NULL,
		"kube-*", BOOT_RP_FILTER, 2, "kube-router loosens strict interfaces" },
	{ "kube-router",
		{ "/var/lib/kube-router", "/etc/cni/net.d/10-kuberouter.conflist" }, NULL,
		"all", BOOT_RP_FILTER, 2, "kube-router loosens a strict all" },
	{ "Antrea", { "/etc/cni/net.d/10-antrea.conflist" }, NULL, "antrea-*",
		BOOT_RP_FILTER, 2, "Antrea sets loose on its gateway" },
	{ "Tailscale", { "/usr/sbin/tailscaled", "/usr/bin/tailscaled" }, NULL, "all",
		BOOT_SRC_VALID_MARK, 1, "Tailscale sets it for its marks (from 2026)" },
	{ "wg-quick", { "/etc/wireguard" }, NULL, "all", BOOT_SRC_VALID_MARK, 1,
		"wg-quick sets it where a tunnel takes the default route" },
	{ "kube-proxy", { "/var/lib/kube-proxy" }, NULL, "all", BOOT_ARP_IGNORE, 1,
		"kube-proxy sets it in IPVS mode with strictARP" },
	{ "NetworkManager", { "/usr/sbin/NetworkManager", "/usr/bin/NetworkManager" },
		NULL, "*", BOOT_RP_FILTER, 2,
		"NetworkManager loosens a strict interface while it uses MPTCP" },
	{ "Docker", { "/usr/bin/dockerd", "/usr/sbin/dockerd" }, NULL, NULL,
		BOOT_RP_FILTER, -1, "Docker: nothing that writes rp_filter is known" },
	{ "kubelet", { "/usr/bin/kubelet", "/var/lib/kubelet" }, NULL, NULL,
		BOOT_RP_FILTER, -1,
		"kubelet: it writes none of these; the network plug-in may" },
	{ "firewalld", { "/etc/firewalld/firewalld.conf", "/usr/lib/firewalld" }, NULL,
		NULL, BOOT_RP_FILTER, -1,
		"firewalld: IPv6_rpfilter is about IPv6, which is not evaluated" },
};

/* 1, 0, or -ENOMEM. What cannot be read may have the word. */
static int has_word(
	struct tree *tree, struct boot *boot, const char *path, const char *word)
{
	_cleanup_(freep) char *text = NULL;
	size_t size;
	int r = tree_read(tree, path, &text, &size);

	if (r == -ENOENT || r == -ENOMEM)
		return r == -ENOMEM ? r : 0;
	if (r < 0) {
		r = sysctl_note(boot, path, r, "what it sets is not known");
		return r < 0 ? r : 1;
	}
	return memmem(text, size, word, strlen(word)) != NULL;
}

static int has_habit(struct tree *tree, struct boot *boot, const struct habit *habit,
	const char **path)
{
	for (size_t i = 0; i < ELEMENTS(habit->paths) && habit->paths[i]; i++) {
		*path = habit->paths[i];
		if (tree_exists(tree, *path))
			return habit->word ? has_word(tree, boot, *path, habit->word) : 1;
	}
	return 0;
}

int habits_read(struct tree *tree, struct boot *boot)
{
	int r = 0;

	for (size_t i = 0; i < ELEMENTS(habits) && r >= 0; i++) {
		const struct habit *habit = &habits[i];
		struct boot_other other = { .by = BOOT_BY_PROGRAM,
			.when = BOOT_AT_LINK,
			.program = habit->program,
			.file = NO_FILE,
			.key = habit->name ? (int)habit->key : -1,
			.value = habit->value };
		const char *path;
		int64_t file;

		r = has_habit(tree, boot, habit, &path);
		if (r <= 0)
			continue;
		file = boot_add_file(boot, path);
		if (file < 0)
			return (int)file;
		other.file = (uint32_t)file;
		(void)snprintf(other.name, sizeof(other.name), "%s",
			habit->name ? habit->name : "");
		r = boot_add_other(boot, &other, habit->text);
	}
	return r < 0 ? r : 0;
}
