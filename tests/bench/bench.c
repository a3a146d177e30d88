/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* For sched_setaffinity(). */
#define _GNU_SOURCE

#include "bench.h"

#include "subjects.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

/* ---- The clock ---- */

gint64
bench_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);

  return (gint64) now.tv_sec * 1000000000 + now.tv_nsec;
}

static gint64
nanoseconds (struct timeval time)
{
  return ((gint64) time.tv_sec * G_USEC_PER_SEC + time.tv_usec) * 1000;
}

/* Of all threads of the process, so that nothing can hide in another one. */
gint64
bench_cpu (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);

  return nanoseconds (usage.ru_utime) + nanoseconds (usage.ru_stime);
}

void
bench_meter_start (BenchMeter *meter)
{
  meter->cpu = bench_cpu ();
  meter->wall = bench_now ();
}

static void
stop_at (BenchMeter  *meter,
         gint64       now,
         guint        n,
         BenchSample *sample)
{
  sample->value = (double) (now - meter->wall) / n;
  sample->cpu = (double) (bench_cpu () - meter->cpu) / n;
}

void
bench_meter_stop (BenchMeter  *meter,
                  guint        n,
                  BenchSample *sample)
{
  stop_at (meter, bench_now (), n, sample);
}

static int
compare (gconstpointer a,
         gconstpointer b)
{
  gint64 x = *(const gint64 *) a;
  gint64 y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

double
bench_median (gint64 *values,
              guint   n)
{
  qsort (values, n, sizeof *values, compare);

  return n % 2 != 0 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2.0;
}

void
bench_fail (const char *format,
            ...)
{
  g_autofree char *text = NULL;
  va_list          args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  g_printerr ("bench: %s\n", text);
  exit (1);
}

/* ---- Counting ---- */

/* Each thread counts for itself: one counter for all would cost more than many
 * a contestant. */
typedef struct
{
  guint64 count;
  gint64  last;
} __attribute__ ((aligned (128))) BenchSlot;

#define MAX_SLOTS 1024

static BenchSlot          slots[MAX_SLOTS];
static guint              n_slots;
static GQueue             free_slots = G_QUEUE_INIT;
static GMutex             slots_lock;
static __thread BenchSlot *own_slot;
static int                owed;

/* The next thread goes on counting where this one has stopped. */
static void
release_slot (gpointer slot)
{
  g_mutex_lock (&slots_lock);
  g_queue_push_tail (&free_slots, slot);
  g_mutex_unlock (&slots_lock);
}

static GPrivate slot_key = G_PRIVATE_INIT (release_slot);

static BenchSlot *
claim_slot (void)
{
  BenchSlot *slot;

  g_mutex_lock (&slots_lock);
  slot = g_queue_pop_head (&free_slots);
  if (slot == NULL)
    {
      if (n_slots == MAX_SLOTS)
        bench_fail ("there are more threads than were thought of");
      slot = &slots[n_slots];
      g_atomic_int_inc (&n_slots);
    }
  g_mutex_unlock (&slots_lock);

  g_private_set (&slot_key, slot);
  own_slot = slot;

  return slot;
}

guint64
bench_counted (void)
{
  guint   n = (guint) g_atomic_int_get (&n_slots);
  guint64 sum = 0;

  for (guint i = 0; i < n; i++)
    sum += __atomic_load_n (&slots[i].count, __ATOMIC_ACQUIRE);

  return sum;
}

static gint64
last_time (void)
{
  guint  n = (guint) g_atomic_int_get (&n_slots);
  gint64 last = 0;

  for (guint i = 0; i < n; i++)
    last = MAX (last, slots[i].last);

  return last;
}

/* Stops the wall clock when the last task was done, which is earlier than when
 * this thread found out. */
void
bench_meter_stop_last (BenchMeter  *meter,
                       guint        n,
                       BenchSample *sample)
{
  stop_at (meter, last_time (), n, sample);
}

void
bench_owe (int n)
{
  g_atomic_int_add (&owed, n);
}

int
bench_owed (void)
{
  return g_atomic_int_get (&owed);
}

/* ---- Gates ---- */

enum
{
  GATE_SHUT,
  GATE_READY,
  GATE_OPEN,
};

void
bench_gate_init (BenchGate *gate)
{
  g_mutex_init (&gate->mutex);
  g_cond_init (&gate->cond);
  gate->arrived = 0;
  gate->state = GATE_SHUT;
}

void
bench_gate_clear (BenchGate *gate)
{
  g_mutex_clear (&gate->mutex);
  g_cond_clear (&gate->cond);
}

void
bench_gate_pass (BenchGate *gate)
{
  g_mutex_lock (&gate->mutex);
  gate->arrived++;
  g_cond_broadcast (&gate->cond);
  while (gate->state == GATE_SHUT)
    g_cond_wait (&gate->cond, &gate->mutex);
  g_mutex_unlock (&gate->mutex);

  while (g_atomic_int_get (&gate->state) != GATE_OPEN)
    sched_yield ();
}

void
bench_gate_await (BenchGate *gate,
                  guint      n)
{
  g_mutex_lock (&gate->mutex);
  while (gate->arrived < n)
    g_cond_wait (&gate->cond, &gate->mutex);
  g_mutex_unlock (&gate->mutex);
}

static void
set_state (BenchGate *gate,
           int        state)
{
  g_mutex_lock (&gate->mutex);
  g_atomic_int_set (&gate->state, state);
  g_cond_broadcast (&gate->cond);
  g_mutex_unlock (&gate->mutex);
}

/* Wakes all who are there, so that opening it takes no time. */
void
bench_gate_ready (BenchGate *gate)
{
  set_state (gate, GATE_READY);
  g_usleep (500);
}

void
bench_gate_open (BenchGate *gate)
{
  set_state (gate, GATE_OPEN);
}

/* ---- Tasks ---- */

BenchTask bench_tiny;
BenchTask bench_tiny_last = { .last = TRUE };

static void
compute (guint loops)
{
  guint x = loops;

  for (guint i = 0; i < loops; i++)
    {
      x = x * 1664525 + 1013904223;
      /* Nothing to see through for the compiler. */
      __asm__ volatile ("" : "+r" (x));
    }
}

void
bench_work (BenchTask *task)
{
  BenchSlot *slot = own_slot != NULL ? own_slot : claim_slot ();

  if (G_UNLIKELY (task->gate != NULL))
    bench_gate_pass (task->gate);

  compute (task->loops);

  if (G_UNLIKELY (task->ended != NULL))
    {
      g_atomic_int_set (task->ended, TRUE);
      return;
    }

  if (G_UNLIKELY (task->last))
    slot->last = bench_now ();

  __atomic_store_n (&slot->count, slot->count + 1, __ATOMIC_RELEASE);
}

/* How many turns of the loop take that long on a CPU that nobody else uses; a
 * task that watched the clock would also end in time while it does not run. */
guint
bench_loops (guint64 duration)
{
  const guint   probe = 1000000;
  static double best;

  for (guint i = 0; best == 0 || i < 10; i++)
    {
      gint64 start = bench_now ();
      double each;

      compute (probe);
      each = (double) (bench_now () - start) / probe;
      best = best == 0 ? each : MIN (best, each);
    }

  return (guint) (duration / best);
}

/* How many of the last tasks take the time: more than a contestant may hand
 * out at once, few enough not to matter. */
guint
bench_n_last (guint n)
{
  return MIN (n / 8, 256);
}

/* ---- What rounds are made of ---- */

typedef struct
{
  const BenchEntry *entry;
  BenchShare        share;
  guint             n;
  BenchGate        *gate;
} Helper;

static gpointer
help (gpointer data)
{
  Helper *helper = data;

  bench_gate_pass (helper->gate);
  helper->share (helper->entry, helper->n);

  return NULL;
}

/* Keeps this thread and those that it makes on one CPU, or lets go of them. */
void
bench_pin (gboolean pinned)
{
  static cpu_set_t all;
  cpu_set_t        one;
  int              cpu = 0;

  if (CPU_COUNT (&all) == 0)
    sched_getaffinity (0, sizeof all, &all);
  while (!CPU_ISSET (cpu, &all))
    cpu++;

  CPU_ZERO (&one);
  CPU_SET (cpu, &one);
  sched_setaffinity (0, sizeof one, pinned ? &one : &all);
}

/* Has that many threads do equal shares of the n of the entry, and tells how
 * many these are together. The threads are there before the clock starts. */
guint
bench_together (const BenchEntry *entry,
                guint             threads,
                BenchShare        share,
                BenchMeter       *meter)
{
  g_autofree GThread **made = NULL;
  BenchGate            gate;
  Helper               helper = { entry, share, entry->n / threads, &gate };

  if (threads == 1)
    {
      bench_meter_start (meter);
      share (entry, entry->n);
      return entry->n;
    }

  bench_gate_init (&gate);
  made = g_new (GThread *, threads);
  for (guint i = 0; i < threads; i++)
    made[i] = g_thread_new ("submitter", help, &helper);
  bench_gate_await (&gate, threads);

  bench_meter_start (meter);
  bench_gate_open (&gate);
  for (guint i = 0; i < threads; i++)
    g_thread_join (made[i]);
  bench_gate_clear (&gate);

  return helper.n * threads;
}

/* Seldom, for waking up is not free, and those that are measured pay for it:
 * when the last task was done is known from the task itself. */
static gulong poll_interval = 2000;

#define PATIENCE (G_GINT64_CONSTANT (120) * 1000000000)

/* Waits until so many are counted, and until the loop has given all answers. */
void
bench_settle (const BenchEntry *entry,
              guint64           counted)
{
  gint64 since = bench_now ();

  while (bench_owed () > 0 && entry->peer->turn != NULL)
    entry->peer->turn (entry->pool);

  while (bench_counted () < counted || bench_owed () > 0)
    {
      if (bench_now () - since > PATIENCE)
        bench_fail ("%s has lost work", entry->peer->name);
      g_usleep (poll_interval);
    }

  if (bench_counted () != counted)
    bench_fail ("%s has done more than was asked for", entry->peer->name);
}

guint
bench_holders (const BenchEntry *entry)
{
  return entry->peer->holders != 0 ? entry->peer->holders : entry->workers;
}

/* Occupies all threads of a contestant. */
void
bench_hold (const BenchEntry *entry,
            BenchGate        *gate,
            BenchTask        *task)
{
  bench_gate_init (gate);
  *task = (BenchTask) { .gate = gate };

  for (guint i = 0; i < bench_holders (entry); i++)
    entry->peer->push (entry->pool, task);
  bench_gate_await (gate, entry->workers);
}

/* ---- Rows ---- */

static int      opt_rounds = 11;
static gboolean opt_quick;
static gboolean opt_list;
static char    *opt_only;
static char    *opt_row;
static int      opt_tasks;

static const GOptionEntry options[] = {
  { "rounds", 0, 0, G_OPTION_ARG_INT, &opt_rounds, "How many rounds", "N" },
  { "quick", 0, 0, G_OPTION_ARG_NONE, &opt_quick, "A tenth of the work", NULL },
  { "list", 0, 0, G_OPTION_ARG_NONE, &opt_list, "Name the contestants and measure nothing", NULL },
  { "only", 0, 0, G_OPTION_ARG_STRING, &opt_only, "Measure this contestant alone", "NAME" },
  { "row", 0, 0, G_OPTION_ARG_STRING, &opt_row, "Measure this row alone", "NAME" },
  { "tasks", 0, 0, G_OPTION_ARG_INT, &opt_tasks, "How many tasks a round", "N" },
  G_OPTION_ENTRY_NULL
};

static const char *subject_name;

guint
bench_rounds (void)
{
  return (guint) opt_rounds;
}

/* A line while it is measured. */
typedef struct
{
  BenchEntry   entry;
  char        *label;
  BenchSample *samples;
} Line;

static void
line_free (gpointer data)
{
  Line *line = data;

  g_free (line->label);
  g_free (line->samples);
  g_free (line);
}

static Line *
line_new (const BenchEntry *entry,
          guint             rounds)
{
  Line *line = g_new0 (Line, 1);

  line->entry = *entry;
  line->label = g_strconcat (entry->peer->name, entry->suffix != NULL ? ", " : NULL, entry->suffix, NULL);
  line->samples = g_new0 (BenchSample, rounds);
  if (line->entry.workers == 0)
    line->entry.workers = 2;
  if (opt_tasks > 0)
    line->entry.n = (guint) opt_tasks;
  else if (opt_quick && !entry->keep_n)
    line->entry.n = MAX (entry->n / 10, 1);

  return line;
}

static gboolean
line_is_asked_for (const Line *line)
{
  return opt_only == NULL || strcmp (opt_only, line->label) == 0;
}

static void
print_numbers (const char        *name,
               const BenchSample *samples,
               guint              n,
               gsize              offset)
{
  g_print (", \"%s\": [", name);
  for (guint i = 0; i < n; i++)
    {
      char text[G_ASCII_DTOSTR_BUF_SIZE];

      g_ascii_formatd (text, sizeof text, "%.4f", G_STRUCT_MEMBER (double, &samples[i], offset));
      g_print ("%s%s", i > 0 ? ", " : "", text);
    }
  g_print ("]");
}

/* One object a line; the names are ours and have nothing to be quoted. */
static void
line_print (const Line *line,
            const char *row,
            const char *unit,
            guint       rounds)
{
  g_print ("{\"subject\": \"%s\", \"row\": \"%s\", \"unit\": \"%s\", \"contestant\": \"%s\", \"tasks\": %u",
           subject_name, row, unit, line->label, line->entry.n);
  if (line->entry.peer->note != NULL)
    g_print (", \"note\": \"%s\"", line->entry.peer->note);
  if (line->entry.peer->open == NULL)
    g_print (", \"absent\": true");
  print_numbers ("values", line->samples, rounds, G_STRUCT_OFFSET (BenchSample, value));
  print_numbers ("cpu", line->samples, rounds, G_STRUCT_OFFSET (BenchSample, cpu));
  g_print ("}\n");
}

/* Of a number of tasks that was asked for nothing is derived, so that what is
 * measured with two such numbers differs in them alone. */
#define WARM_UP 100

/* How long it takes at least: the system has to find out which threads had
 * better not share a CPU. */
#define WARM_UP_TIME (20 * 1000000)

static void
warm_up (const BenchEntry *cold)
{
  BenchEntry  entry = *cold;
  BenchSample ignored = { 0 };
  gint64      since = bench_now ();

  entry.n = opt_tasks > 0 ? WARM_UP : CLAMP (cold->n / 10, 1, 10000);
  do
    entry.round (&entry, &ignored);
  while (opt_tasks == 0 && bench_now () - since < WARM_UP_TIME);
}

/* A contestant is made for its round, so that there is nobody else while it
 * runs, and where the system puts its threads is a matter of that round. */
static void
line_round (const Line  *line,
            BenchSample *sample)
{
  BenchEntry entry = line->entry;

  entry.pool = entry.peer->open (entry.peer, entry.workers);
  warm_up (&entry);
  entry.round (&entry, sample);
  entry.peer->close (entry.pool);
}

static void
measure (GPtrArray  *lines,
         const char *row,
         guint       rounds)
{
  for (guint round = 0; round < rounds; round++)
    {
      g_printerr ("bench: %s: %s: round %u of %u\n", subject_name, row, round + 1, rounds);

      /* Another one begins each time, so that nobody always comes after the
       * same one. */
      for (guint i = 0; i < lines->len; i++)
        {
          Line *line = lines->pdata[(i + round) % lines->len];

          line_round (line, &line->samples[round]);
        }
    }
}

void
bench_row (const char       *row,
           const char       *unit,
           guint             rounds,
           const BenchEntry *entries,
           guint             n_entries)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func (line_free);
  g_autoptr(GPtrArray) present = g_ptr_array_new ();

  if (opt_row != NULL && strcmp (opt_row, row) != 0)
    return;

  for (guint i = 0; i < n_entries; i++)
    {
      Line *line = line_new (&entries[i], rounds);

      g_ptr_array_add (lines, line);
      if (entries[i].peer->open != NULL && line_is_asked_for (line))
        g_ptr_array_add (present, line);
    }

  if (!opt_list)
    measure (present, row, rounds);

  for (guint i = 0; i < lines->len; i++)
    {
      const Line *line = lines->pdata[i];
      gboolean    measured = !opt_list && line->entry.peer->open != NULL;

      if (line_is_asked_for (line))
        line_print (line, row, unit, measured ? rounds : 0);
    }
}

/* ---- The program ---- */

/* Where the subject runs: a thread without any main context of its own. */
static gpointer
run_subject (gpointer data)
{
  const BenchSubject      *subject = data;
  g_autoptr(GMainContext)  context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  subject->run ();
  g_main_context_pop_thread_default (context);

  exit (0);
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr(GOptionContext) context = g_option_context_new ("SUBJECT");
  g_autoptr(GMainLoop)      loop = NULL;
  g_autoptr(GError)         error = NULL;
  const BenchSubject       *subject;

  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    bench_fail ("%s", error->message);
  if (argc != 2 || opt_rounds < 1 || (subject = bench_subject_find (argv[1])) == NULL)
    bench_fail ("one subject, please; report.py knows them");
  subject_name = subject->name;
  /* In valgrind, where the number of tasks is given, even the asking counts. */
  if (opt_tasks > 0)
    poll_interval = 20000;

  bench_peers_init ();

  /* The main thread has the main loop, as in an application: one of the peers
   * wants it, and lets nobody wait on that thread. */
  loop = g_main_loop_new (NULL, FALSE);
  g_thread_unref (g_thread_new ("bench", run_subject, (gpointer) subject));
  g_main_loop_run (loop);

  return 0;
}
