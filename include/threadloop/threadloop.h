/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#define TL_INSIDE

#include <threadloop/tl-version.h>
#include <threadloop/tl-types.h>
#include <threadloop/tl-error.h>
#include <threadloop/tl-future.h>
#include <threadloop/tl-inbox.h>
#include <threadloop/tl-progress.h>
#include <threadloop/tl-executor.h>
#include <threadloop/tl-bell.h>
#include <threadloop/tl-channel.h>
#include <threadloop/tl-claims.h>
#include <threadloop/tl-lookout.h>
#include <threadloop/tl-values.h>
#include <threadloop/tl-callable.h>
#include <threadloop/tl-call.h>
#include <threadloop/tl-event-thread.h>
#include <threadloop/tl-enums.h>

#undef TL_INSIDE
