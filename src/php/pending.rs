//! How long a value stays that a method of the class is about to store for an operation that knows it: `put()`, `+=` on a value that expires.

use std::cell::RefCell;

use super::lifetime::Lifetime;
use super::zend::{self, Str, ZStr, finally};

/// The methods under way that store a value, and how long that stays.
#[derive(Default)]
pub struct Pending {
    methods: RefCell<Vec<Method>>,
}

/// A method that runs to store a value.
struct Method {
    /// The fiber that it runs in, which may sleep in it while others store values of their own.
    fiber: usize,
    /// The frame that it was called from.
    caller: usize,
    name: Str,
    stays: Stays,
}

/// How long a value stays.
#[derive(Debug, Clone, Copy)]
pub struct Stays {
    /// Under the name for which the method was called.
    pub under_its_name: Lifetime,
    /// Under another one, which the method may have given it: the first value that it stores under another name is taken for it.
    pub renamed: Lifetime,
}

impl Pending {
    /// Runs `body`, which calls a method of the class to store a value under a name.
    pub fn within<T>(&self, name: &Str, stays: Stays, body: impl FnOnce() -> T) -> T {
        let fiber = zend::fiber();
        let caller = zend::innermost_frame();
        self.methods.borrow_mut().push(Method { fiber, caller, name: name.clone(), stays });
        finally(body, |_| {
            let mut methods = self.methods.borrow_mut();
            if let Some(last) = methods.iter().rposition(|method| method.fiber == fiber) {
                methods.remove(last);
            }
        })
    }

    /// Whether a method runs.
    pub fn is_any(&self) -> bool {
        !self.methods.borrow().is_empty()
    }

    /// How long a value stays that is about to be stored under a name. `is_inner`: whether the methods that run since a frame have called each other for
    /// another value.
    pub fn lifetime(&self, name: &ZStr, is_inner: impl FnOnce(usize) -> bool) -> Lifetime {
        self.with_method(|method| match method.stays.renamed {
            _ if method.name.bytes() == name.bytes() => method.stays.under_its_name,
            Lifetime::ForEver => Lifetime::ForEver,
            // (All that it stores are as long there as the ones in whose place they come.)
            Lifetime::AsBefore => Lifetime::AsBefore,
            _ if is_inner(method.caller) => Lifetime::ForEver,
            renamed => renamed,
        })
        .unwrap_or_default()
    }

    /// A value was stored under a name, with the lifetime that this has said.
    pub fn has_stored(&self, name: &ZStr, lifetime: Lifetime) {
        self.with_method(|method| {
            // (Those that it stores under other names from now on are other values.)
            let is_it = method.name.bytes() == name.bytes() || lifetime != Lifetime::ForEver;
            if is_it && method.stays.renamed != Lifetime::AsBefore {
                method.stays.renamed = Lifetime::ForEver;
            }
        });
    }

    /// The innermost method of this fiber.
    fn with_method<T>(&self, body: impl FnOnce(&mut Method) -> T) -> Option<T> {
        let mut methods = self.methods.borrow_mut();
        if methods.is_empty() {
            return None;
        }
        let fiber = zend::fiber();
        methods.iter_mut().rev().find(|method| method.fiber == fiber).map(body)
    }

    /// Gives its memory up.
    pub fn empty(&self) {
        drop(self.methods.take());
    }
}
