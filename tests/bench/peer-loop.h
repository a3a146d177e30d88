/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

/* A thread that runs a main context, as it is written by hand. */

G_BEGIN_DECLS

typedef struct
{
  GMainContext *context;
  GMainLoop    *loop;
  GThread      *thread;
} BenchLoop;

void         bench_loop_start       (BenchLoop         *self);
void         bench_loop_stop        (BenchLoop         *self);
void         bench_loop_turn        (gpointer           unused);

G_END_DECLS
