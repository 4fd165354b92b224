/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls of a running svmd on the bus, and how long they take: see load-bus.c. */
#ifndef SVMD_LOAD_BUS_H
#define SVMD_LOAD_BUS_H

/* Prints what it finds; ends the program if an answer is missing. */
void load_bus(const char *address, unsigned int calls);

#endif /* SVMD_LOAD_BUS_H */
