//! Text for a terminal. Names and values are other people's data: no byte of theirs is obeyed.

use std::fmt::{self, Write};

/// Bytes that somebody else has made, in one line: control characters and others that change how text is shown are escaped, and so is the
/// backslash.
pub struct Printable<'a>(pub &'a [u8]);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '\\' => f.write_str("\\\\")?,
                    _ if is_obeyed(character) => write!(f, "{}", character.escape_default())?,
                    _ => f.write_char(character)?,
                }
            }
            chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
        }
        Ok(())
    }
}

/// The bytes that [`Printable`] shows so. `None`: it shows none so.
pub fn unescaped(shown: &[u8]) -> Option<Vec<u8>> {
    let (mut bytes, mut rest) = (Vec::with_capacity(shown.len()), shown);
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let (&kind, behind) = rest.split_first()?;
        rest = behind;
        match kind {
            b'\\' => bytes.push(b'\\'),
            // Nothing: the sign of a name that is empty.
            b'&' => {}
            b'n' => bytes.push(b'\n'),
            b'r' => bytes.push(b'\r'),
            b't' => bytes.push(b'\t'),
            b'x' => {
                let (digits, behind) = rest.split_at_checked(2)?;
                bytes.push(u8::try_from(number(digits)?).ok()?);
                rest = behind;
            }
            b'u' => {
                let inside = rest.strip_prefix(b"{")?;
                let end = inside.iter().position(|&byte| byte == b'}')?;
                let character = char::from_u32(number(&inside[..end])?)?;
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &inside[end + 1..];
            }
            _ => return None,
        }
    }
    Some(bytes)
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().all(u8::is_ascii_hexdigit).then_some(())?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// A text of our own, in which parts of others' may be that have been escaped already, or not.
pub struct Harmless<'a>(pub &'a str);

impl fmt::Display for Harmless<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '\n' => f.write_char('\n'),
            _ if is_obeyed(character) => write!(f, "{}", character.escape_default()),
            _ => f.write_char(character),
        })
    }
}

/// The same JSON, with escapes for all that a terminal might obey.
pub struct HarmlessJson<'a>(pub &'a str);

impl fmt::Display for HarmlessJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '\n' => f.write_char('\n'),
            _ if is_obeyed(character) => {
                character.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(f, "\\u{unit:04x}"))
            }
            _ => f.write_char(character),
        })
    }
}

/// Whether a terminal obeys a character, or shows those around it in another way for it.
fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_passes() {
        let all: String = ('\0'..=char::MAX).filter(|&character| character.is_control()).collect();
        let json = serde_json::to_string(&all).unwrap();
        let shown =
            [Printable(all.as_bytes()).to_string(), Harmless(&all).to_string(), HarmlessJson(&json).to_string()];
        for shown in &shown {
            // (Harmless leaves lines as they are.)
            assert!(shown.chars().all(|character| !character.is_control() || character == '\n'), "{shown:?}");
        }
        assert!(!shown[0].contains('\n') && !shown[2].contains('\n'));
        assert_eq!(serde_json::from_str::<String>(&shown[2]).unwrap(), all);
    }

    #[test]
    fn a_name_is_read_as_it_was_shown() {
        let all: String = (0..=0x3000).chain(0xe0000..0xe0080).filter_map(char::from_u32).collect();
        let bytes: Vec<u8> = (0..=255).collect();
        for name in [all.as_bytes(), &bytes, b"", b"\\n\\", b"\0\xff\xc3"] {
            assert_eq!(unescaped(Printable(name).to_string().as_bytes()).as_deref(), Some(name));
        }
        for wrong in ["\\", "\\x1", "\\xgg", "\\x+1", "\\u{", "\\u{}", "\\u{d800}", "\\u0", "\\q"] {
            assert_eq!(unescaped(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn characters_that_turn_the_text_around_are_shown_as_their_numbers() {
        assert_eq!(Printable("a\u{202e}b\u{e0041}".as_bytes()).to_string(), "a\\u{202e}b\\u{e0041}");
        assert_eq!(HarmlessJson("\"\u{202e}\u{e0041}\"").to_string(), "\"\\u202e\\udb40\\udc41\"");
        assert_eq!(Printable("重庆 ü \\".as_bytes()).to_string(), "重庆 ü \\\\");
        assert_eq!(Printable(b"\xff\x1b[31m").to_string(), "\\xff\\u{1b}[31m");
    }
}
