//! Whether a value may be kept.

/// Whether a value that was encoded or decoded may be kept, and returned again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// A scalar, a string or an array free of objects and references: it cannot be changed in
    /// place, so it may be kept and returned again by reference count.
    Shareable,
    /// It contains an object or a reference, which its receiver may change; or it is nested so deeply that
    /// freeing it takes much of a stack. Decode it anew each time.
    Fresh,
}
