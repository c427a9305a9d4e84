//! The stores that a handle was read out of.

use std::cell::RefCell;
use std::rc::Rc;

use super::zend::{self, Frame};

/// A store that is being shown, perhaps inside of another one. Handles that were read out of it remember it, so that one
/// that leads back is not shown for ever.
pub struct Provenance {
    /// The address of the store.
    pub address: Vec<u8>,
    /// The store that it is inside of.
    pub outer: Option<Rc<Provenance>>,
}

/// The Sync objects of a thread whose values are being read to show them as a whole, of all of its fibers; in each the innermost last.
#[derive(Default)]
pub struct Showing(RefCell<Vec<Shown>>);

/// One of them.
struct Shown {
    provenance: Rc<Provenance>,
    /// The fiber that shows it; others read handles for something else.
    fiber: usize,
    /// The innermost frame when that began.
    frame: usize,
}

impl Showing {
    /// Runs `read`, in which handles that are made come out of this one.
    pub fn with<T>(&self, provenance: Rc<Provenance>, read: impl FnOnce() -> T) -> T {
        let fiber = zend::fiber();
        self.0.borrow_mut().push(Shown { provenance, fiber, frame: zend::innermost_frame() });
        zend::finally(read, |_| {
            let mut all = self.0.borrow_mut();
            let ended = all.iter().rposition(|shown| shown.fiber == fiber).map(|at| all.remove(at));
            drop(ended);
        })
    }

    /// The one that a handle comes out of which is made at this moment, unless user code in a hook has it made.
    pub fn current(&self) -> Option<Rc<Provenance>> {
        let all = self.0.borrow();
        let shown = all.iter().rfind(|shown| shown.fiber == zend::fiber())?;
        shown.makes().then(|| shown.provenance.clone())
    }

    /// Forgets what a request has left.
    pub fn clear(&self) {
        self.0.borrow_mut().clear();
    }
}

impl Shown {
    /// Whether an object that is made is one of its values, or lies in a string that the hook of one unserializes.
    fn makes(&self) -> bool {
        // SAFETY: the frame is out of use before anything returns to the engine.
        let innermost = unsafe { Frame::running().next() };
        innermost.is_none_or(|frame| frame.address() == self.frame || frame.is_of_engine_function())
    }
}
