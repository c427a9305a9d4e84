//! How long a value stays that a method of the class is about to store for an operation that knows it: `put()`, `+=` on a value that expires.

use std::cell::RefCell;

use super::lifetime::Lifetime;
use super::zend::{self, finally};

/// The methods under way that have not stored their value yet, and how long that stays. (A method may give the value another name, so that
/// the first one that it stores as a whole is taken for it.)
#[derive(Debug, Default)]
pub struct Pending {
    /// Each with the fiber that it runs in, which may sleep in it while others store values of their own.
    methods: RefCell<Vec<(usize, Lifetime)>>,
}

impl Pending {
    /// Runs `body`, which calls a method of the class that stores a value: that stays so long.
    pub fn within<T>(&self, lifetime: Lifetime, body: impl FnOnce() -> T) -> T {
        let fiber = zend::fiber();
        self.methods.borrow_mut().push((fiber, lifetime));
        finally(body, |_| {
            let mut methods = self.methods.borrow_mut();
            if let Some(last) = methods.iter().rposition(|method| method.0 == fiber) {
                methods.remove(last);
            }
        })
    }

    /// How long the next value of this fiber stays.
    pub fn lifetime(&self) -> Lifetime {
        self.of_this_fiber(|lifetime| *lifetime)
    }

    /// The same, for one that is stored now: those behind it are others. (All that a method stores are as long there as the ones in whose place they come.)
    pub fn take(&self) -> Lifetime {
        self.of_this_fiber(|lifetime| match *lifetime {
            Lifetime::AsBefore => Lifetime::AsBefore,
            _ => std::mem::take(lifetime),
        })
    }

    /// Gives its memory up.
    pub fn empty(&self) {
        drop(self.methods.take());
    }

    fn of_this_fiber(&self, body: impl FnOnce(&mut Lifetime) -> Lifetime) -> Lifetime {
        let mut methods = self.methods.borrow_mut();
        if methods.is_empty() {
            return Lifetime::ForEver;
        }
        let fiber = zend::fiber();
        methods
            .iter_mut()
            .rev()
            .find(|method| method.0 == fiber)
            .map_or(Lifetime::ForEver, |method| body(&mut method.1))
    }
}
