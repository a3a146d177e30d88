/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A model of a pool's queue, and of how its workers sleep and are woken. It is
 * for spin, and tests/model/run runs it. doc/design.md tells the same in words,
 * src/tl-queue.c, tl-queue-push.c and tl-pool.c in C.
 *
 * What is on the left is what a configuration may set; what is said by LEFT_OUT
 * breaks the protocol in one place, and spin has to find out.
 *
 * Only three things are touched without the lock: the inbox, the flag hungry,
 * and the word of a future. All the rest cannot change while somebody has the
 * lock. So a step of the model is as long as it may be without doing two of
 * these things at once; shorter ones would only give the same states more
 * names. Where a step does nothing of the three, it is one with the next.
 */

#ifndef SUBMITTERS
#define SUBMITTERS 1            /* threads that push */
#endif
#ifndef ITEMS
#define ITEMS 2                 /* that each of them pushes */
#endif
#ifndef WORKERS
#define WORKERS 2               /* max-workers */
#endif
#ifndef CANCELS
#define CANCELS 0               /* threads that cancel any one item */
#endif
#ifndef FAILS
#define FAILS 0                 /* how often the system may refuse a thread */
#endif
#ifndef BREAKS
#define BREAKS 0                /* how often a new thread cannot be set up */
#endif
#ifndef RESIZE
#define RESIZE WORKERS          /* what max-workers is set to, at any time */
#endif
                                /* TIMEOUT: idle workers may end */
                                /* CLOSE_DRAIN, CLOSE_CANCEL: one closes it */
                                /* BOUNDED: pushes always take the lock */
                                /* REBOUND: a limit is set, and removed */
                                /* LONG: item 1 waits for the last item */
                                /* HELP: so it does, and runs it if nobody does */
                                /* STUCK: the item that never ends */

#define N (SUBMITTERS * ITEMS)

/* One more than there may be, since a worker that leaves may have to make
 * another. */
#if RESIZE > WORKERS
#define SLOTS (RESIZE + 1)
#else
#define SLOTS (WORKERS + 1)
#endif

/* Items are numbers from 1, and so are workers. */
#define NIL    0
#define SHUT   255
#define NOBODY 0
#define MAKE   255

/* The word of a future. */
#define TAKEN   1               /* somebody is to run it or to settle it */

/* How it ended. */
#define UNSETTLED 0
#define RAN       1
#define CANCELLED 2
#define REJECTED  3

byte inbox = NIL;
bool hungry = true;

bool lock;
chan list = [N] of { byte };
byte next[N + 1];
bool searching;
byte n_workers;
byte max_workers = WORKERS;
byte n_idle;
byte idle[SLOTS + 1];           /* the last one fell asleep last */
byte n_removing;                /* taken to be settled, or about to be */
bool closed;
bool broken;
bool ended;

byte word[N + 1];

/* Why a worker was woken. */
#define ASLEEP  0
#define SEARCH  1               /* to be the searcher; searching is set for it */
#define LOOK    2               /* to see that something was closed or has shrunk */
byte woken[SLOTS + 1];
bool alive[SLOTS + 1];

/* What no program has, and only the assertions look at. */
byte searchers;                 /* those that search or are on the way to it */
byte outcome[N + 1];
bool accepted[N + 1];
byte last_taken[SUBMITTERS];
byte fails = FAILS;
byte breaks = BREAKS;

#define IN_INBOX (inbox != NIL && inbox != SHUT)
#define WORK     (len (list) > 0 || IN_INBOX)
#define CAN_WAKE (!searching && (n_idle > 0 || n_workers < max_workers))

#define ACQUIRE  !lock -> lock = true
#define RELEASE  lock = false

#define BEGIN_SEARCH searching = true; searchers++; assert (searchers == 1)
#define END_SEARCH   assert (searching && searchers == 1); searching = false; searchers--

/* ---- Items ---- */

inline settle (which, how)
{
  assert (outcome[which] == UNSETTLED);
  /* The end of the whole is the last that is heard of it. */
  assert (!(ended && accepted[which]));
  outcome[which] = how;
}

/* With the lock held. */
inline check_ended ()
{
  if
  :: closed && n_workers == 0 && len (list) == 0 && n_removing == 0 && !ended ->
     ended = true
  :: else
  fi
}

/* Without the lock: one less is being removed, which may be what the end has
 * waited for. */
inline removed ()
{
#ifndef LEFT_OUT_END_AFTER_CANCELLER
  n_removing--;
#endif
  if
  :: closed ->
     atomic {
       ACQUIRE;
       check_ended ();
       RELEASE
     }
  :: else
  fi
}

/* With the lock held, in one step with what it follows: the items come out of
 * the inbox newest first, so they are laid out before they are appended. */
inline drain_inbox (value)
{
  d_step {
    link = inbox;
    if
    :: link == SHUT ->
#ifdef LEFT_OUT_SHUT_STAYS
       inbox = value;
#endif
       link = NIL
    :: else ->
       inbox = value
    fi;
    before = NIL;
    do
    :: link != NIL ->
       after = next[link];
       next[link] = before;
       before = link;
       link = after
    :: else ->
       break
    od;
    do
    :: before != NIL ->
       list!before;
       after = next[before];
       next[before] = NIL;
       before = after
    :: else ->
       break
    od;
    after = NIL
  }
}

/* With the lock held: what is in the list is taken, to be settled later without
 * the lock. */
inline steal_queued ()
{
  do
  :: atomic {
       len (list) > 0 ->
       list?item;
       old = word[item];
       word[item] = old | TAKEN;
       if
       :: !(old & TAKEN) ->
          stolen = stolen | (1 << item);
          n_removing++
       :: else
       fi;
       item = NIL;
       old = 0
     }
  :: else ->
     break
  od
}

/* Nobody can tell whether they settle at once or one by one, as long as all of
 * them have when the count says so. */
inline settle_stolen (how)
{
  atomic {
    stolen != 0 ->
    item = 1;
    do
    :: item > N ->
       break
    :: else ->
       if
       :: stolen & (1 << item) ->
          settle (item, how)
       :: else
       fi;
       item++
    od;
    item = NIL
  };
  atomic {
    ACQUIRE;
    item = 1;
    do
    :: item > N ->
       break
    :: else ->
       if
       :: stolen & (1 << item) ->
          n_removing--
       :: else
       fi;
       item++
    od;
    item = NIL;
    stolen = 0;
    check_ended ();
    RELEASE
  }
}

/* ---- Waking ---- */

/* With the lock held: who is to search, if nobody does. */
inline choose ()
{
  if
  :: CAN_WAKE ->
     BEGIN_SEARCH;
     hungry = false;
     if
     :: n_idle > 0 ->
        other = idle[n_idle];
        idle[n_idle] = NOBODY;
        n_idle--;
        woken[other] = SEARCH
     :: else ->
        n_workers++;
        other = MAKE
     fi
  :: else ->
     other = NOBODY
  fi
}

/* Without the lock: what choose() has decided is done. */
inline rouse ()
{
  if
  :: atomic {
       other == MAKE ->
       assert (!ended);
       other = 1;
       do
       :: alive[other] ->
          other++;
          assert (other <= SLOTS)
       :: else ->
          break
       od;
       alive[other] = true;
       other = NOBODY
     }
#if FAILS > 0
  :: atomic {
       other == MAKE && fails > 0 && !lock ->
       lock = true;
       fails--;
       other = NOBODY;
       n_workers--;
       END_SEARCH;
#ifdef LEFT_OUT_REJECT_AFTER_HUNGRY
     };
     if
     :: n_workers == 0 ->
        drain_inbox (NIL)
     :: else
     fi;
     atomic {
#endif
       hungry = CAN_WAKE
     };
     if
     :: n_workers == 0 ->
#ifndef LEFT_OUT_REJECT_AFTER_HUNGRY
        drain_inbox (NIL);
#endif
        steal_queued ();
        atomic {
          check_ended ();
          RELEASE
        };
        if
        :: stolen != 0 ->
           settle_stolen (REJECTED)
        :: else
        fi
     :: else ->
        /* Somebody may have fallen asleep meanwhile, relying on the thread that
         * was not made. Another thread is not tried for: that would go on for as
         * long as the system refuses. */
        more = false;
#ifndef LEFT_OUT_CHECK_AFTER_FAILURE
        more = WORK && n_idle > 0;
#endif
        atomic {
          if
          :: more ->
             choose ()
          :: else
          fi;
          more = false;
          other = NOBODY;
          RELEASE
        }
     fi
#endif
  :: atomic {
       other != MAKE ->
       /* The one that is signalled here may have seen for itself that it was
        * woken, and have ended. Its condition must not have gone with it. */
#ifdef LEFT_OUT_SLEEPER_OUTLIVES_SIGNAL
       assert (other == NOBODY || alive[other]);
#endif
       other = NOBODY
     }
  fi
}

/* ---- Submitters ---- */

proctype submitter (byte first)
{
  byte mine = first;
  byte head;
  byte other;
  bool more;
  byte old;
#if FAILS > 0
  byte item;
  byte stolen;
  byte link, before, after;
#endif

push:
  atomic {
    head = inbox;
    if
    :: head == SHUT ->
       goto locked
    :: else ->
       next[mine] = head
    fi
  };

  atomic {
    if
    :: inbox != head ->
       head = NIL;
       goto push
    :: else ->
       head = NIL;
       inbox = mine;
       accepted[mine] = true;
       goto pushed
    fi
  };

locked:
  atomic {
    ACQUIRE;
    head = NIL;
    if
    :: closed || broken ->
       RELEASE;
       goto refused
    :: else ->
       list!mine;
       accepted[mine] = true;
       RELEASE;
       goto pushed
    fi
  };

refused:
  atomic {
    old = word[mine];
    word[mine] = old | TAKEN
  };
  atomic {
    if
    :: !(old & TAKEN) ->
       settle (mine, REJECTED)
    :: else
    fi;
    old = 0;
    goto next_one
  };

pushed:
  if
  :: hungry ->
     /* The item may have been run meanwhile, and all of it have ended: no thread
      * is made then. */
     atomic {
       ACQUIRE;
       more = WORK;
#ifdef LEFT_OUT_WORK_TO_WAKE_FOR
       more = true
#endif
     };
     atomic {
       if
       :: more ->
          choose ()
       :: else
       fi;
       more = false;
       RELEASE
     };
     rouse ()
  :: else
  fi;

next_one:
  if
  :: mine + 1 < first + ITEMS ->
     mine++;
     goto push
  :: else
  fi
}

/* ---- Workers ---- */

/* With the lock held, in one step with what it follows. */
inline off_idle ()
{
  d_step {
    at = 1;
    do
    :: at <= n_idle && idle[at] != me ->
       at++
    :: else ->
       break
    od;
    if
    :: at <= n_idle ->
       do
       :: at < n_idle ->
          idle[at] = idle[at + 1];
          at++
       :: else ->
          break
       od;
       idle[n_idle] = NOBODY;
       n_idle--
    :: else
    fi;
    at = 0
  }
}

proctype worker (byte me)
{
  bool me_searching;
  bool spun;
  bool hurried;
  byte item;
  byte other;
  bool more;
  byte old;
  byte link, before, after;
  byte at;
#if FAILS > 0 || BREAKS > 0
  byte stolen;
#endif

end_unborn:
  atomic {
    alive[me] && !lock ->
    lock = true;
    me_searching = true
  };

#if BREAKS > 0
  /* What is to set the thread up has failed, and that is the end for all that is
   * queued, and for all that will be pushed. */
  if
  :: breaks > 0 ->
     atomic {
       breaks--;
       broken = true;
       drain_inbox (SHUT)
     };
     steal_queued ();
     RELEASE;
     if
     :: stolen != 0 ->
        settle_stolen (REJECTED)
     :: else
     fi;
     atomic {
       ACQUIRE;
       goto leave
     }
  :: true
  fi;
#endif

again:
  if
  :: n_workers > max_workers ->
     goto leave
  :: else
  fi;

  /* What was cancelled stayed where it was, and is dropped on the way. */
take:
  if
  :: len (list) == 0 ->
     drain_inbox (NIL);
     if
     :: len (list) == 0 ->
        goto nothing
     :: else
     fi
  :: else
  fi;

  atomic {
    list?item;
    old = word[item];
    word[item] = old | TAKEN;
    if
    :: old & TAKEN ->
       old = 0;
       item = NIL;
       goto take
    :: else ->
       old = 0;
       /* Whoever runs it, they are taken in order. */
       assert (item > last_taken[(item - 1) / ITEMS]);
       last_taken[(item - 1) / ITEMS] = item
    fi
  };

  atomic {
    spun = false;
    if
    :: me_searching ->
       me_searching = false;
       END_SEARCH;
       hungry = CAN_WAKE
    :: else ->
       RELEASE;
       goto carry_out
    fi
  };

  /* Those who pushed while there was a searcher have woken nobody. */
#ifndef LEFT_OUT_CHECK_AFTER_TAKING
  more = WORK;
#endif
  atomic {
    if
    :: more ->
       choose ()
    :: else
    fi;
    more = false;
    RELEASE
  };
  rouse ();

carry_out:
#ifdef HELP
  if
  :: item == 1 ->
     accepted[N] || outcome[N] != UNSETTLED;
     atomic {
       old = word[N];
       word[N] = old | TAKEN
     };
     if
     :: !(old & TAKEN) ->
        settle (N, RAN)
     :: else
     fi;
     old = 0
  :: else
  fi;
#endif
#if defined(LONG) || defined(HELP)
  if
  :: item == 1 ->
     outcome[N] != UNSETTLED
  :: else
  fi;
#elif defined(STUCK)
  if
  :: item == STUCK ->
end_stuck:
     false
  :: else
  fi;
#endif
  atomic {
    settle (item, RAN);
    item = NIL
  };
  atomic {
    ACQUIRE;
    goto again
  };

nothing:
  if
  :: closed ->
     goto leave
  :: else
  fi;

  atomic {
    if
    :: !me_searching && !searching && !spun ->
       me_searching = true;
       spun = true;
       BEGIN_SEARCH;
       hungry = false;
       RELEASE
    :: else ->
       goto sleep
    fi
  };

  /* It spins here. How long, and what ends it, makes no difference to what may
   * happen. */
  atomic {
    ACQUIRE;
    goto again
  };

sleep:
  atomic {
    spun = false;
    if
    :: me_searching ->
       me_searching = false;
       END_SEARCH
    :: else
    fi;
    n_idle++;
    idle[n_idle] = me;
    hungry = CAN_WAKE
  };

#ifndef LEFT_OUT_CHECK_BEFORE_SLEEPING
#ifdef LEFT_OUT_SHUT_IS_NO_ITEM
#define SEEN (inbox != NIL)
#else
#define SEEN IN_INBOX
#endif
  if
  :: hungry && SEEN ->
     atomic {
       off_idle ();
       me_searching = true;
       BEGIN_SEARCH;
       hungry = false;
       goto again
     }
  :: else
  fi;
#endif

#ifdef TIMEOUT
  /* Whether it will ever be tired of waiting: if every sleeper were, then none
   * could be seen to sleep for ever. */
  if
  :: hurried = true
  :: true
  fi;
#endif
  RELEASE;

end_asleep:
  atomic {
    (woken[me] != ASLEEP || hurried) && !lock ->
    lock = true;
#ifdef LEFT_OUT_WOKEN_IN_TIME
    if
    :: hurried ->
       woken[me] = ASLEEP
    :: else
    fi;
#endif
    hurried = false;
    if
    :: woken[me] != ASLEEP ->
#ifdef LEFT_OUT_WOKEN_TO_LOOK
       if
       :: woken[me] == LOOK ->
          searching = true;
          searchers++;
          assert (searchers == 1)
       :: else
       fi;
       me_searching = true;
#else
       me_searching = (woken[me] == SEARCH);
#endif
       woken[me] = ASLEEP;
       goto again
    :: else
    fi
  };

  /* Time is up. If something has come it may as well stay: nothing would be
   * lost if it went, since its place is free then, and whoever pushed is told so
   * as before, but a thread would be made for what this one can do. */
  atomic {
    off_idle ();
    n_workers--;
    hungry = CAN_WAKE
  };
  more = IN_INBOX;
  atomic {
    if
#ifdef LEFT_OUT_ONE_SEARCHER
    :: more ->
#else
    :: more && !searching ->
#endif
       more = false;
       n_workers++;
       me_searching = true;
       BEGIN_SEARCH;
       hungry = false;
       goto again
    :: else ->
       more = false;
       goto gone
    fi
  };

leave:
  atomic {
    n_workers--;
    if
    :: me_searching ->
       me_searching = false;
#ifndef LEFT_OUT_LEAVING_SEARCHER
       END_SEARCH
#else
       searchers--
#endif
    :: else
    fi;
    /* Others may sleep while one leaves that is too many, and who pushes next
     * has to know that nobody searches any more. */
#ifndef LEFT_OUT_HUNGRY_ON_LEAVING
    hungry = CAN_WAKE
#endif
  };
#ifndef LEFT_OUT_CHECK_ON_LEAVING
  more = WORK;
#endif
  atomic {
    if
    :: more ->
       choose ()
    :: else
    fi;
    more = false
  };

gone:
  atomic {
    check_ended ();
    spun = false;
    RELEASE;
    if
    :: other != MAKE ->
       other = NOBODY;
       alive[me] = false;
       goto end_unborn
    :: else
    fi
  };
  rouse ();
  atomic {
    alive[me] = false;
    goto end_unborn
  }
}

/* ---- Others ---- */

proctype canceller ()
{
  byte item;
  byte old;

  select (item : 1 .. N);

  /* Before anybody can find it taken. */
#ifndef LEFT_OUT_END_AFTER_CANCELLER
  n_removing++;
#endif
  atomic {
    old = word[item];
#ifndef LEFT_OUT_ONE_TAKER
    word[item] = old | TAKEN
#endif
  };
#ifdef LEFT_OUT_ONE_TAKER
  word[item] = word[item] | TAKEN;
#endif
  if
  :: !(old & TAKEN) ->
     settle (item, CANCELLED)
  :: else
  fi;
  removed ()
}

/* With the lock held: those who sleep are to see for themselves. None of them is
 * the searcher for that; there can only be one. */
inline wake_all ()
{
  d_step {
    do
    :: n_idle > 0 ->
       woken[idle[n_idle]] = LOOK;
       idle[n_idle] = NOBODY;
       n_idle--
    :: else ->
       break
    od
  }
}

#if defined(CLOSE_DRAIN) || defined(CLOSE_CANCEL)
proctype closer ()
{
  byte item;
  byte other;
  bool more;
  byte old;
  byte stolen;
  byte link, before, after;

  atomic {
    ACQUIRE;
    closed = true;
    drain_inbox (SHUT)
  };
#ifdef CLOSE_CANCEL
  steal_queued ();
#endif
  atomic {
    wake_all ();
    /* Whoever pushed last would do the same a little later. */
    if
    :: n_workers == 0 && len (list) > 0 ->
       choose ()
    :: else
    fi;
    check_ended ();
    RELEASE
  };
  rouse ();
  if
  :: stolen != 0 ->
     settle_stolen (CANCELLED)
  :: else
  fi
}
#endif

proctype resizer ()
{
  byte item;
  byte other;
  bool more;
  byte old;
#if FAILS > 0
  byte stolen;
  byte link, before, after;
#endif

  atomic {
    ACQUIRE;
    max_workers = RESIZE;
    item = n_workers;
    do
    :: item > max_workers && n_idle > 0 ->
       woken[idle[n_idle]] = LOOK;
       idle[n_idle] = NOBODY;
       n_idle--;
       item--
    :: else ->
       break
    od;
    item = NIL;
    hungry = CAN_WAKE
  };
  more = WORK;
  atomic {
    if
    :: more ->
       choose ()
    :: else
    fi;
    more = false;
    RELEASE
  };
  rouse ()
}

/* A limit needs every push to be counted. */
proctype rebounder ()
{
  byte link, before, after;

  atomic {
    ACQUIRE;
    drain_inbox (SHUT);
    RELEASE
  };
  atomic {
    ACQUIRE;
    if
    :: !closed && !broken ->
       inbox = NIL
    :: else
    fi;
    RELEASE
  }
}

/* ---- What has to hold when nothing more will happen ---- */

proctype observer ()
{
  byte item = 1;

  atomic {
    timeout ->
    assert (!lock && !searching && searchers == 0);
    if
#if defined(CLOSE_DRAIN) || defined(CLOSE_CANCEL)
    :: true ->
       assert (ended && n_workers == 0 && n_idle == 0 && !WORK)
#else
    :: true ->
       assert (hungry == (n_idle > 0 || n_workers < max_workers));
       assert (n_workers <= max_workers);
       assert (!WORK || !hungry)
#endif
    fi;
    do
    :: item > N ->
       break
    :: else ->
#ifdef STUCK
       assert (outcome[item] != UNSETTLED || item == STUCK);
#else
       assert (outcome[item] != UNSETTLED);
#endif
       item++
    od
  }
}

init
{
  byte i;

  atomic {
#ifdef BOUNDED
    inbox = SHUT;
#endif
    for (i : 0 .. SUBMITTERS - 1) {
      run submitter (1 + i * ITEMS)
    }
    for (i : 1 .. SLOTS) {
      run worker (i)
    }
#if CANCELS > 0
    for (i : 1 .. CANCELS) {
      run canceller ()
    }
#endif
#if defined(CLOSE_DRAIN) || defined(CLOSE_CANCEL)
    run closer ();
#endif
#if RESIZE != WORKERS
    run resizer ();
#endif
#ifdef REBOUND
    run rebounder ();
#endif
    run observer ()
  }
}
