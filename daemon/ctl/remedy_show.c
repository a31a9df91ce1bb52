/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/remedy_show.h"

#include "base/print.h"
#include "daemon/ctl/json.h"

#include <errno.h>

static int add_commands(struct json_object *object, const struct remedy *remedy)
{
	struct json_object *commands = json_add_array(object, "commands"),
			   *undo = json_add_array(object, "undo");
	int r = commands && undo ? 0 : -ENOMEM;

	array_each (&remedy->commands, const struct remedy_command, command)
		r |= json_push_text(commands, command->run);
	for (size_t i = remedy->commands.count; i-- > 0;)
		r |= json_push_text(undo, remedy->commands.items[i].undo);
	return r;
}

static int add_remedy(struct json_object *object, const struct remedy *remedy)
{
	struct json_object *steps;
	int r = json_add_text(object, "kind", remedy_kind_name(remedy->kind));

	steps = json_add_array(object, "steps");
	r |= steps ? 0 : -ENOMEM;
	array_each (&remedy->steps, const struct remedy_step, step) {
		struct json_object *entry = json_push_object(steps);

		r |= json_add_text(entry, "key", step->key);
		r |= json_add_number(entry, "value", step->value);
	}
	r |= add_commands(object, remedy);
	r |= json_add_text(object, "cures", remedy_cures_name(remedy->cures));
	return r | json_add_text(object, "text", remedy->text);
}

int remedy_json_all(const struct finding *finding, struct json_object *object)
{
	int r = add_remedy(json_add_object(object, "remedy"), &finding->remedy);
	struct json_object *list = json_add_array(object, "alternatives");

	r |= list ? 0 : -ENOMEM;
	for (size_t i = 0; i < finding->alternative_count; i++)
		r |= add_remedy(json_push_object(list), &finding->alternatives[i]);
	return r;
}

void remedy_print(const struct finding *finding, const char *indent, FILE *out)
{
	print_line(out, "%sremedy", indent);
	print_line(out, "%s  %s", indent, finding->remedy.text);
	for (size_t i = 0; i < finding->alternative_count; i++)
		print_line(out, "%s  or: %s", indent, finding->alternatives[i].text);
}
