//! A class of this request, as decoding needs to know it.

use std::cell::Cell;

use crate::php::zend::{zend_class_entry, zend_function};
use sync_short as short;

/// A class, and what decoding its objects needs to know of it.
#[derive(Clone, Copy)]
pub struct Class {
    pub entry: *mut zend_class_entry,
    /// `__unserialize` or else `__wakeup`, where the class has one.
    pub hook: *mut zend_function,
    /// The class is not there, or not allowed: `entry` stands for it.
    pub incomplete: bool,
}

impl Class {
    pub fn has_unserialize(&self) -> bool {
        // SAFETY: a class of this request.
        !self.hook.is_null() && unsafe { self.hook == (*self.entry).__unserialize }
    }
}

/// The class found last: objects of one class come in rows.
pub struct LastClass<'de> {
    last: Cell<Option<(&'de [u8], Class)>>,
}

impl<'de> LastClass<'de> {
    pub fn new() -> Self {
        Self { last: Cell::new(None) }
    }

    /// The class, if it has that name.
    #[inline]
    pub fn get(&self, name: &[u8]) -> Option<Class> {
        self.last.get().filter(|(last, _)| short::equal(last, name)).map(|(_, class)| class)
    }

    pub fn set(&self, name: &'de [u8], class: Class) {
        self.last.set(Some((name, class)));
    }
}
