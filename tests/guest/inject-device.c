// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sweeps over devices and contexts: they come, answer and go.
 */
#include <glob.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "inject.h"
#include "mem.h"
#include "os.h"

static int call_open(struct scene *s)
{
	s->other_fd = try_open_device(1);
	return s->other_fd < 0 ? s->other_fd : 0;
}

static void check_opened(struct scene *s, int ret)
{
	if (ret)
		return;
	CHECK_EQ(device_info(s->other_fd).id, 1);
	close(s->other_fd);
}

CASE(open)
{
	sweep(INJECT_ALL, &(struct operation){ .call = call_open,
					       .check = check_opened,
					       .errors = { ENFILE } });
}

static int call_info(struct scene *s)
{
	struct svm_ioctl_info info = arg_info();

	return svm_call(s->fd, SVM_IOCTL_INFO, &info);
}

CASE(info)
{
	sweep(INJECT_ALL, &(struct operation){ .call = call_info });
}

static int call_stats(struct scene *s)
{
	struct svm_ioctl_stats stats = arg_stats(SVM_STATS_DEVICE);

	return svm_call(s->fd, SVM_IOCTL_STATS, &stats);
}

CASE(stats)
{
	sweep(INJECT_ALL, &(struct operation){ .call = call_stats });
}

static size_t count_devices(void)
{
	glob_t found;
	size_t nr = 0;

	if (!glob("/sys/class/svm/svm[0-9]*", 0, NULL, &found)) {
		nr = found.gl_pathc;
		globfree(&found);
	}
	return nr;
}

static void control(struct scene *s)
{
	s->other_fd = open_control();
}

static int call_create(struct scene *s)
{
	struct svm_ioctl_create c = arg_create(HUGE_PAGE, SVM_NODE_ANY);
	int ret = svm_call(s->other_fd, SVM_IOCTL_CREATE, &c);

	s->number = c.id;
	return ret;
}

/* None is left of a creation that failed. */
static void check_created(struct scene *s, int ret)
{
	close(s->other_fd);
	if (!ret)
		destroy_device(s->number);
	/* It worked, and only the answer was lost: this is the lowest free id. */
	else if (ret == -EFAULT && count_devices() > 2)
		destroy_device(2);
	CHECK_EQ(count_devices(), 2);
}

CASE(create)
{
	need_injection(INJECT_ALL);
	/* The kernel itself warns of whatever error it has. */
	inject_spare("add_pages");
	sweep(INJECT_ALL, &(struct operation){ .prepare = control,
					       .call = call_create,
					       .check = check_created });
}

/* With pages of ours on it. */
static void create_and_use(struct scene *s)
{
	int fd;

	control(s);
	s->number = create_device(HUGE_PAGE);
	fill(s->addr, s->length, 1);
	fd = open_device(s->number);
	move_all(fd, s->addr, s->length, TO_DEVICE);
	close(fd);
}

static int call_destroy(struct scene *s)
{
	struct svm_ioctl_destroy d = arg_destroy(s->number);

	return svm_call(s->other_fd, SVM_IOCTL_DESTROY, &d);
}

static void check_destroyed(struct scene *s, int ret)
{
	close(s->other_fd);
	/* It may have worked, and only the answer was lost. */
	if (ret && count_devices() > 2)
		destroy_device(s->number);
	CHECK_EQ(count_devices(), 2);
	check_fill(s->addr, s->length, 1);
}

CASE(destroy)
{
	sweep(INJECT_ALL, &(struct operation){ .map = map_anon,
					       .length = 16 * PAGE,
					       .prepare = create_and_use,
					       .call = call_destroy,
					       .check = check_destroyed });
}
