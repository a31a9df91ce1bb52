/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * asked FILE COMMAND...: runs the command and writes into FILE how often it asked the kernel
 * about a packet (RTM_GETROUTE, but not its dumps). Each of its messages is looked at on its
 * way, so that nothing else on the host counts, as it would in in_martian_src, which is one
 * counter for all namespaces. Ends as the command does.
 */
static unsigned int questions;

/* What stands at an address of the other process; 0 where nothing can be read. */
static size_t peek(pid_t pid, uint64_t address, void *out, size_t size)
{
	struct iovec here = { out, size };
	struct iovec there = { (void *)(uintptr_t)address, size };
	ssize_t length = process_vm_readv(pid, &here, 1, &there, 1, 0);

	return length > 0 ? (size_t)length : 0;
}

static void look_at(pid_t pid, uint64_t address)
{
	struct nlmsghdr header;

	if (peek(pid, address, &header, sizeof(header)) != sizeof(header))
		return;
	if (header.nlmsg_type == RTM_GETROUTE && header.nlmsg_flags & NLM_F_REQUEST &&
		(header.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP &&
		header.nlmsg_len >= NLMSG_LENGTH(sizeof(struct rtmsg)))
		questions++;
}

static void look_at_call(pid_t pid)
{
	struct __ptrace_syscall_info info = { 0 };
	struct msghdr message;
	struct iovec part;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
		info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	if (info.entry.nr == SYS_sendto || info.entry.nr == SYS_write) {
		look_at(pid, info.entry.args[1]);
	} else if (info.entry.nr == SYS_sendmsg || info.entry.nr == SYS_sendmmsg) {
		/* of many the first: nobody here sends many */
		if (peek(pid, info.entry.args[1], &message, sizeof(message)) ==
				sizeof(message) &&
			message.msg_iovlen &&
			peek(pid, (uintptr_t)message.msg_iov, &part, sizeof(part)) ==
				sizeof(part))
			look_at(pid, (uintptr_t)part.iov_base);
	} else if (info.entry.nr == SYS_writev) {
		if (peek(pid, info.entry.args[1], &part, sizeof(part)) == sizeof(part))
			look_at(pid, (uintptr_t)part.iov_base);
	}
}

/* Follows the command to its end. Returns its status as of waitpid(). */
static int follow(pid_t command)
{
	int status, signal;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status)) {
			if (pid == command)
				return status;
			continue;
		}
		signal = WSTOPSIG(status);
		if (signal == (SIGTRAP | 0x80)) {
			look_at_call(pid);
			signal = 0;
		} else if (signal == SIGTRAP || signal == SIGSTOP) {
			signal = 0; /* ours */
		}
		(void)ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(uintptr_t)signal);
	}
	return -1;
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;
	FILE *file;

	if (argc < 3) {
		fputs("asked FILE COMMAND...\n", stderr);
		return 2;
	}
	pid = fork();
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(126);
		(void)raise(SIGSTOP);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) {
		fputs("asked: the command can't be traced here\n", stderr);
		return 77;
	}
	(void)ptrace(PTRACE_SETOPTIONS, pid, NULL,
		(void *)(uintptr_t)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL |
				    PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
				    PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC));
	(void)ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	status = follow(pid);
	file = fopen(argv[1], "we");
	if (!file || fprintf(file, "%u\n", questions) < 0 || fclose(file) != 0)
		return 2;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}
