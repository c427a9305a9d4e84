//! Values that could not be encoded or decoded.

/// Why a value could not be encoded or decoded.
#[derive(Debug)]
pub enum ValueError {
    /// User code has thrown: the exception is pending.
    Thrown,
    /// The engine refuses it: its exception is pending, which knows neither property nor file.
    ByEngine,
    /// The value cannot be stored, or the bytes are not one: the text of an exception that the
    /// caller throws.
    Refused(String),
}
