//! The trust that a reader puts in a file.

use std::collections::HashSet;
use std::rc::Rc;

use crate::php::zend;

/// Which classes' objects may come out of a file, as `unserialize`'s option `allowed_classes`.
/// Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AllowedClasses {
    /// Any class.
    #[default]
    All,
    /// Those with these names, in lower case; the others, and enum cases, become
    /// `__PHP_Incomplete_Class`. Subclasses are not implied. Empty: none.
    Only(Rc<HashSet<Vec<u8>>>),
}

impl Policy {
    /// The trust that both put in the file.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self { allowed_classes: self.allowed_classes.and(&other.allowed_classes) }
    }
}

impl AllowedClasses {
    /// Only the classes with these names, in any case.
    pub fn only<N: AsRef<[u8]>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::Only(Rc::new(names.into_iter().map(|name| name.as_ref().to_ascii_lowercase()).collect()))
    }

    /// The classes that both allow.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        match (self, other) {
            (all, Self::All) => all,
            (Self::All, some) => some.clone(),
            (Self::Only(ours), Self::Only(theirs)) => Self::Only(Rc::new(ours.intersection(theirs).cloned().collect())),
        }
    }

    /// As the engine's `unserialize()` wants to know it: null for any class, else a table that `holder` holds.
    pub fn table(&self, holder: &mut zend::Scratch) -> *mut zend::HashTable {
        let Self::Only(names) = self else { return std::ptr::null_mut() };
        let table = zend::new_map(names.len());
        for name in names.iter() {
            let name = zend::new_string(name);
            // SAFETY: the table is ours, and takes a count of the name.
            unsafe {
                zend::place_of_string(table, name);
                zend::release_string(name);
            }
        }
        // SAFETY: the caller's zval, which has no value.
        unsafe { zend::set_array(&raw mut **holder, table) };
        table
    }

    pub fn contains(&self, lower_case_name: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(lower_case_name),
        }
    }
}

/// The trust that a reader puts in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    pub allowed_classes: AllowedClasses,
}
