/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-future-private.h"

struct _TlProgress
{
  GObject        parent_instance;

  TlFuture      *future;
  TlNotifier    *notifier;

  /* As last notified. */
  double         fraction;
  char          *message;
  TlFutureState  state;
};

G_DEFINE_FINAL_TYPE (TlProgress, tl_progress, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_FUTURE,
  PROP_FRACTION,
  PROP_MESSAGE,
  PROP_STATE,
  PROP_NAME,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

/* On the thread that made it. */
static void
look (GObject *object)
{
  TlProgress *self = TL_PROGRESS (object);
  g_autofree char *message = NULL;
  TlFutureState state;
  double fraction;

  /* The state first: what was said before it settled has been said by then. */
  state = tl_future_get_state (self->future);
  tl_future_get_progress (self->future, &fraction, &message);

  g_object_freeze_notify (object);

  if (fraction < self->fraction || fraction > self->fraction)
    {
      self->fraction = fraction;
      g_object_notify_by_pspec (object, props[PROP_FRACTION]);
    }

  if (g_strcmp0 (message, self->message) != 0)
    {
      g_free (self->message);
      self->message = g_steal_pointer (&message);
      g_object_notify_by_pspec (object, props[PROP_MESSAGE]);
    }

  if (state != self->state)
    {
      self->state = state;
      g_object_notify_by_pspec (object, props[PROP_STATE]);
    }

  g_object_thaw_notify (object);
}

static void
tl_progress_constructed (GObject *object)
{
  TlProgress *self = TL_PROGRESS (object);

  G_OBJECT_CLASS (tl_progress_parent_class)->constructed (object);

  if (self->future == NULL)
    {
      g_critical ("A TlProgress needs a future; use tl_progress_new()");
      self->future = tl_future_new (NULL);
    }

  self->notifier = tl_notifier_new (object, look);

  /* From here on the object may be looking on the context's own thread. */
  look (object);
  tl_future_watch (self->future, self->notifier);
}

static void
tl_progress_finalize (GObject *object)
{
  TlProgress *self = TL_PROGRESS (object);

  tl_future_unwatch (self->future, self->notifier);
  tl_notifier_unref (self->notifier);
  tl_future_unref (self->future);
  g_free (self->message);

  G_OBJECT_CLASS (tl_progress_parent_class)->finalize (object);
}

static void
tl_progress_get_property (GObject    *object,
                          guint       prop_id,
                          GValue     *value,
                          GParamSpec *pspec)
{
  TlProgress *self = TL_PROGRESS (object);

  switch (prop_id)
    {
    case PROP_FUTURE:
      g_value_set_boxed (value, self->future);
      break;

    case PROP_FRACTION:
      g_value_set_double (value, self->fraction);
      break;

    case PROP_MESSAGE:
      g_value_set_string (value, self->message);
      break;

    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;

    case PROP_NAME:
      g_value_set_string (value, tl_progress_get_name (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
tl_progress_set_property (GObject      *object,
                          guint         prop_id,
                          const GValue *value,
                          GParamSpec   *pspec)
{
  TlProgress *self = TL_PROGRESS (object);

  switch (prop_id)
    {
    case PROP_FUTURE:
      self->future = g_value_dup_boxed (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
tl_progress_class_init (TlProgressClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = tl_progress_constructed;
  object_class->finalize = tl_progress_finalize;
  object_class->get_property = tl_progress_get_property;
  object_class->set_property = tl_progress_set_property;

  /**
   * TlProgress:future:
   *
   * The future that is shown.
   *
   * Since: 1.0
   */
  props[PROP_FUTURE] =
    g_param_spec_boxed ("future", NULL, NULL,
                        TL_TYPE_FUTURE,
                        G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * TlProgress:fraction:
   *
   * How far the work is: 0 to 1, or -1 where that is not known.
   *
   * Since: 1.0
   */
  props[PROP_FRACTION] =
    g_param_spec_double ("fraction", NULL, NULL,
                         -1, 1, -1,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * TlProgress:message:
   *
   * What the work says it is doing.
   *
   * Since: 1.0
   */
  props[PROP_MESSAGE] =
    g_param_spec_string ("message", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * TlProgress:state:
   *
   * What the future is at.
   *
   * Since: 1.0
   */
  props[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL,
                       TL_TYPE_FUTURE_STATE, TL_FUTURE_STATE_PENDING,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * TlProgress:name:
   *
   * The name of the future.
   *
   * Since: 1.0
   */
  props[PROP_NAME] =
    g_param_spec_string ("name", NULL, NULL,
                         NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
tl_progress_init (TlProgress *self)
{
  self->fraction = -1;
}

TlProgress *
tl_progress_new (TlFuture *future)
{
  g_return_val_if_fail (future != NULL, NULL);

  return g_object_new (TL_TYPE_PROGRESS, "future", future, NULL);
}

TlFuture *
tl_progress_get_future (TlProgress *self)
{
  g_return_val_if_fail (TL_IS_PROGRESS (self), NULL);

  return self->future;
}

double
tl_progress_get_fraction (TlProgress *self)
{
  g_return_val_if_fail (TL_IS_PROGRESS (self), -1);

  return self->fraction;
}

const char *
tl_progress_get_message (TlProgress *self)
{
  g_return_val_if_fail (TL_IS_PROGRESS (self), NULL);

  return self->message;
}

TlFutureState
tl_progress_get_state (TlProgress *self)
{
  g_return_val_if_fail (TL_IS_PROGRESS (self), TL_FUTURE_STATE_PENDING);

  return self->state;
}

const char *
tl_progress_get_name (TlProgress *self)
{
  g_return_val_if_fail (TL_IS_PROGRESS (self), NULL);

  return tl_future_get_name (self->future);
}
