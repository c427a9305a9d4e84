//! Values that could not be encoded or decoded.

/// Why a value could not be encoded or decoded.
#[derive(Debug)]
pub enum ValueError {
    /// User code has thrown: the exception is pending.
    Thrown,
    /// The engine refuses it: its exception is pending, which knows neither property nor file.
    ByEngine,
    /// As `ByEngine`, because of an object in the value: how a program would speak of it, after the property that has the value.
    At(String),
    /// The value cannot be stored, or takes more than a limit allows: the text of an exception that the
    /// caller throws.
    Refused(String),
    /// A class, or an enum, is not there, or not the one that it was when the value was stored: such a text.
    OfClass(String),
    /// The bytes are no value, or one that this version does not know: such a text.
    Unknown(String),
}
