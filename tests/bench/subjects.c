/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "subjects.h"

static const BenchSubject subjects[] = {
  { "bulk", bench_bulk },
  { "kept", bench_kept },
  { "round-trip", bench_round_trip },
  { "post", bench_post },
  { "callbacks", bench_callbacks },
  { "memory", bench_memory },
  { "cancel", bench_cancel },
  { "instructions", bench_instructions },
  { "shape", bench_shape },
  { "growth", bench_growth },
  { "idle", bench_idle },
};

const BenchSubject *
bench_subject_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (subjects); i++)
    if (g_str_equal (subjects[i].name, name))
      return &subjects[i];

  return NULL;
}

void
bench_peers_init (void)
{
  bench_uv_init ();
  bench_dex_init ();
}
