//! How long a method waits: its `$timeout`.

use std::time::{Duration, Instant};

use ext_php_rs::ffi;

use super::zend::{Thrown, Value, float_argument};

/// The moment at which a method gives up waiting.
#[derive(Clone, Copy, Debug)]
pub struct Timeout {
    end: End,
}

/// When that is.
#[derive(Clone, Copy, Debug)]
enum End {
    Never,
    /// At once: most calls do not wait, and need no clock.
    Now,
    At(Instant),
}

impl End {
    /// So long from now on. (What the clock cannot count is for ever.)
    fn after(wait: Duration) -> Self {
        match wait {
            Duration::ZERO => Self::Now,
            wait => Instant::now().checked_add(wait).map_or(Self::Never, Self::At),
        }
    }
}

impl Timeout {
    /// From now on, by an argument in seconds: null means for ever, 0 means that the method does not wait. `number`: which
    /// argument it is, counted from 1. `default`: the seconds, where it was left out.
    ///
    /// Throws a TypeError for what is no `?float`, and a ValueError for less than 0, or NAN.
    pub fn of(argument: Option<&Value>, number: u32, default: Option<f64>) -> Result<Self, Thrown> {
        let seconds = match argument {
            Some(argument) => float_argument(argument, number)?,
            None => default,
        };
        let Some(seconds) = seconds else { return Ok(Self { end: End::Never }) };
        if seconds.is_nan() || seconds < 0.0 {
            // SAFETY: the engine copies the words, a C string without arguments.
            unsafe { ffi::zend_argument_value_error(number, c"must be greater than or equal to 0".as_ptr()) };
            return Err(Thrown);
        }
        // (So many seconds that the clock cannot count them are for ever.)
        Ok(Self { end: Duration::try_from_secs_f64(seconds).map_or(End::Never, End::after) })
    }

    /// How much of it is left; zero: it is over.
    pub fn left(self) -> Duration {
        match self.end {
            End::Never => Duration::MAX,
            End::Now => Duration::ZERO,
            End::At(end) => end.saturating_duration_since(Instant::now()),
        }
    }

    /// From now on, so long.
    pub fn after(wait: Duration) -> Self {
        Self { end: End::after(wait) }
    }

    /// How long a method waits for others that keep it from writing, which has this timeout for something else: as long, but one that
    /// does not wait for that something is no different from a method without a timeout.
    pub fn for_others(self) -> Self {
        if self.is_over() { Self { end: End::Never } } else { self }
    }

    /// Whether the method waits for ever.
    pub fn is_never(self) -> bool {
        matches!(self.end, End::Never)
    }

    /// Whether it is over.
    pub fn is_over(self) -> bool {
        self.left().is_zero()
    }
}
