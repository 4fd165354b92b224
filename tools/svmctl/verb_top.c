// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * top: nodes, devices, sessions, rates and reasons, once a second. q quits, p
 * pauses, until a key or another size of the terminal asks for a look. Where the output is no terminal, one round is written as text.
 */
#include <inttypes.h>
#include <locale.h>
#include <ncurses.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "svmctl.h"

#define REFRESH_MS 1000
#define LINE_BYTES 512

/**
 * struct screen - where lines go
 * @curses: to the terminal, else to stdout.
 * @paused: it is drawn when it is asked for only.
 * @row: the next one.
 * @moved: bytes moved, when it was drawn last.
 * @when: that was.
 */
struct screen {
	bool curses;
	bool paused;
	int row;
	uint64_t moved;
	double when;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

__attribute__((format(printf, 3, 4))) static void
line(struct screen *screen, bool bold, const char *format, ...)
{
	char text[LINE_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!screen->curses) {
		puts(text);
		return;
	}
	if (screen->row >= LINES)
		return;
	if (bold)
		attron(A_BOLD);
	mvaddnstr(screen->row++, 0, text, COLS);
	if (bold)
		attroff(A_BOLD);
}

static const char *size_of(json_object *p, const char *name)
{
	static char texts[8][32];
	static unsigned int at;

	at = (at + 1) % 8;
	return text_bytes(texts[at], sizeof(texts[at]), get_u64(p, name));
}

static void bar(char *text, size_t size, uint64_t used, uint64_t total)
{
	size_t i, full = total ? (size_t)(used * (size - 1) / total) : 0;

	for (i = 0; i < size - 1; i++)
		text[i] = i < full ? '#' : '.';
	text[size - 1] = '\0';
}

static void draw_head(struct screen *screen, json_object *manager,
		      json_object *statistics)
{
	uint64_t moved = get_u64(statistics, "moved_bytes");
	double time = now(), rate = 0;
	char text[32];

	if (screen->when && time > screen->when)
		rate = (double)(moved - screen->moved) / (time - screen->when);
	screen->moved = moved;
	screen->when = time;
	line(screen, true,
	     "svmd %s%s%s   sessions %" PRIu64 "   rounds %" PRIu64
	     "   moving %s/s   round %.1f ms   heat: %s",
	     get_string(manager, "Version"),
	     get_u64(manager, "DryRun") ? " DRY-RUN" : "",
	     screen->paused ? " PAUSED" : "", get_u64(manager, "Sessions"),
	     get_u64(manager, "Rounds"),
	     text_bytes(text, sizeof(text), (uint64_t)rate),
	     (double)get_u64(statistics, "round_ns") / 1e6,
	     get_string(manager, "Heat"));
}

static void draw_node(struct screen *screen, json_object *p)
{
	uint64_t total = get_u64(p, "TotalBytes");
	char text[21];

	bar(text, sizeof(text), total - get_u64(p, "AvailableBytes"), total);
	line(screen, false,
	     "node %-3" PRIu64 " [%s] %8s of %8s free  psi %4.1f%%%s%s",
	     get_u64(p, "Node"), text, size_of(p, "AvailableBytes"),
	     size_of(p, "TotalBytes"), get_double(p, "PressureSomePercent"),
	     get_u64(p, "HasCPU") ? "" : "  no CPUs",
	     get_u64(p, "Held") ? "  held" : "");
}

static void draw_device(struct screen *screen, json_object *p)
{
	uint64_t total = get_u64(p, "TotalBytes");
	char text[21];

	bar(text, sizeof(text), total - get_u64(p, "FreeBytes"), total);
	line(screen, false,
	     "svm%-4" PRIu64 " [%s] %8s of %8s free  faults %" PRIu64
	     "  evicted %s%s",
	     get_u64(p, "Device"), text, size_of(p, "FreeBytes"),
	     size_of(p, "TotalBytes"), get_u64(p, "Faults"),
	     size_of(p, "EvictedBytes"), get_u64(p, "Held") ? "  held" : "");
}

static void draw_port(struct screen *screen, json_object *p)
{
	line(screen, false, "%s/%" PRIu64 "  %s  sent %s  received %s",
	     get_string(p, "Device"), get_u64(p, "Number"),
	     get_string(p, "State"), size_of(p, "SentBytes"),
	     size_of(p, "ReceivedBytes"));
}

static void draw_card(struct screen *screen, json_object *p)
{
	line(screen, false, "card%" PRIu64 "  %s %s  used %s of %s",
	     get_u64(p, "Card"), get_string(p, "Driver"), get_string(p, "Slot"),
	     size_of(p, "UsedBytes"), size_of(p, "TotalBytes"));
}

static void draw_session(struct screen *screen, json_object *p)
{
	line(screen, false,
	     "%7" PRIu64 " %8" PRIu64 " %6" PRIu64
	     " %-16.16s %8s %8s %8s %8s  %s%s",
	     get_u64(p, "Session"), get_u64(p, "ProcessID"),
	     get_u64(p, "UserID"), get_string(p, "Name"),
	     size_of(p, "SystemBytes"), size_of(p, "DeviceBytes"),
	     size_of(p, "InUseBytes"), size_of(p, "MovedBytes"),
	     get_string(p, "Policies"), get_u64(p, "Held") ? " (held)" : "");
}

static void draw_all(struct screen *screen, json_object *objects,
		     const char *interface,
		     void (*draw)(struct screen *, json_object *))
{
	json_object *properties;

	EACH_OBJECT(objects, path, object)
	{
		(void)path;
		if (json_object_object_get_ex(object, interface, &properties))
			draw(screen, properties);
	}
}

/* What was moved and what was not, and why. */
static void draw_reasons(struct screen *screen, json_object *statistics)
{
	char text[LINE_BYTES] = "";
	size_t used = 0;

	json_object_object_foreach(statistics, name, value)
	{
		uint64_t number = json_object_get_uint64(value);

		if (!number || (strncmp(name, "decisions_", 10) &&
				strncmp(name, "refused_", 8)))
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s%s %" PRIu64, used ? "  " : "",
					 name, number);
		if (used >= sizeof(text))
			break;
	}
	line(screen, false, "%s", text[0] ? text : "no decisions yet");
}

static int fetch(struct ctl *ctl, json_object **objects,
		 json_object **statistics)
{
	sd_bus_message *reply = NULL;
	int code = ctl_objects(ctl, objects);

	if (code)
		return code;
	code = ctl_call(ctl, &reply, "GetStatistics", "");
	if (code) {
		json_object_put(*objects);
		return code;
	}
	*statistics = ctl_to_json(ctl, reply);
	sd_bus_message_unref(reply);
	return EXIT_OK;
}

static int draw(struct ctl *ctl, struct screen *screen)
{
	json_object *objects, *statistics;
	int code = fetch(ctl, &objects, &statistics);

	if (code)
		return code;
	screen->row = 0;
	if (screen->curses)
		erase();
	draw_head(screen,
		  ctl_properties(objects, "/org/svmd1", "org.svmd1.Manager"),
		  statistics);
	draw_all(screen, objects, "org.svmd1.Node", draw_node);
	draw_all(screen, objects, "org.svmd1.Device", draw_device);
	draw_all(screen, objects, "org.svmd1.Card", draw_card);
	draw_all(screen, objects, "org.svmd1.Port", draw_port);
	draw_reasons(screen, statistics);
	line(screen, true,
	     "SESSION      PID   USER NAME               SYSTEM   DEVICE   IN USE    MOVED  POLICIES");
	draw_all(screen, objects, "org.svmd1.Session", draw_session);
	if (screen->curses)
		refresh();
	json_object_put(objects);
	json_object_put(statistics);
	return EXIT_OK;
}

static int interact(struct ctl *ctl, struct screen *screen)
{
	int key = ERR, code = EXIT_OK;

	setlocale(LC_ALL, "");
	initscr();
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	timeout(REFRESH_MS);
	do {
		if (!screen->paused || key != ERR)
			code = draw(ctl, screen);
		if (code)
			break;
		key = getch(); /* KEY_RESIZE as well: drawn again at once */
		if (key == 'p')
			screen->paused = !screen->paused;
	} while (key != 'q');
	endwin();
	return code;
}

int verb_top(struct ctl *ctl, int argc, char **argv)
{
	struct screen screen = { 0 };

	(void)argc, (void)argv;
	if (ctl->json)
		return verb_status(ctl, 0, NULL);
	screen.curses = isatty(STDOUT_FILENO) && isatty(STDIN_FILENO);
	return screen.curses ? interact(ctl, &screen) : draw(ctl, &screen);
}
