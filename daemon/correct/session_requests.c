/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/requests.h"
#include "daemon/correct/session.h"
#include "daemon/daemon.h"

#include <errno.h>

/* What is asked for by hand, through the bus: the same as rpfilterctl does without us. */

/* Has all that a request needs as new as can be; 0, -ENOLCK or -EAGAIN. */
static int prepare(struct daemon *daemon)
{
	int r = judge_now(daemon, false);

	if (r < 0)
		return r;
	if (!daemon->synced)
		return -EAGAIN;
	/* one that can't be written is enough to take back what stands in it */
	return daemon->ledger ? 0 : -ENOLCK;
}

static int ask(struct daemon *daemon, char *const *names, struct correct_answers *ret,
	int (*work)(struct correct *, const struct correct_input *, char *const *,
		struct correct_answers *))
{
	_cleanup_(freep) const struct finding **findings = NULL;
	const struct writer writer = hands_writer(daemon);
	struct correct_input input;
	int r = prepare(daemon);

	if (r >= 0)
		r = hands_input(daemon, &writer, &findings, &input);
	if (r < 0)
		return r;
	input.is_said = NULL;
	daemon->answers = ret;
	r = work(&daemon->correct, &input, names, ret);
	daemon->answers = NULL;
	hands_say(daemon);
	/* what it leaves to be done comes with the next turn */
	judge_later(daemon);
	return r;
}

int hands_apply(struct daemon *daemon, char *const *names, struct correct_answers *ret)
{
	return ask(daemon, names, ret, correct_hand_apply);
}

int hands_revert(struct daemon *daemon, char *const *names, struct correct_answers *ret)
{
	/* else it would be corrected again at once; not saved it holds as long as we run */
	(void)ask(daemon, names, ret, correct_hand_pause);
	return ask(daemon, names, ret, correct_hand_revert);
}

int hands_pause(struct daemon *daemon, char *const *names, struct correct_answers *ret)
{
	return ask(daemon, names, ret, correct_hand_pause);
}

int hands_resume(struct daemon *daemon, char *const *names, struct correct_answers *ret)
{
	return ask(daemon, names, ret, correct_hand_resume);
}
