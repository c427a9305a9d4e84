//! Where a message of RESP3 ends, in a stream that arrives in pieces.
//!
//! A message is read once it is there as a whole, by recursion. So this comes before: it goes on where it stopped, limits how deep a message
//! is, and looks at each line and each end. Both find the items of a message by the same function.

/// The deepest nesting of a message. Servers answer with five levels at most, of which a script may make more.
const DEEPEST: usize = 32;
/// The longest line: all strings that have no length before them, errors among them.
const LONGEST_LINE: usize = 64 * 1024;
/// The longest string, which is the longest value behind the seam. (Servers send half a gigabyte, unless they are told otherwise.)
const LONGEST_STRING: u64 = u32::MAX as u64;

/// A stream that is not RESP3, or not one that this crate reads: the reason. The connection is of no more use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(pub(crate) &'static str);

impl Malformed {
    /// The reason, as a clause.
    pub fn reason(self) -> &'static str {
        self.0
    }
}

/// How far the search for a message's end has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The message has so many bytes.
    Whole(usize),
    /// It has more than have arrived; at least so many are missing.
    Missing(usize),
}

/// The search for the end of one message.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// The start of the next item, counted from the start of the message.
    at: usize,
    /// The items that are still to come, of each list that is open: the innermost last.
    open: Vec<u64>,
}

/// One item, or the head of several.
pub(crate) enum Item<'m> {
    /// An item of this kind: its line, or its string. It ends here.
    Single(u8, &'m [u8], usize),
    /// So many items follow, from here on: they are one of this kind.
    List(u8, u64, usize),
    /// Names and values about the item behind them: so many items together, and then that item.
    Attributes(u64, usize),
    /// The item has so many bytes more, at least, than have arrived.
    Missing(usize),
}

impl Search {
    /// Goes on in a message of which these bytes have arrived, the first ones as before.
    pub fn go_on(&mut self, message: &[u8]) -> Result<Extent, Malformed> {
        loop {
            match item(message, self.at)? {
                Item::Missing(count) => return Ok(Extent::Missing(count)),
                Item::Single(_, _, end) => {
                    self.at = end;
                    if let Some(items) = self.open.last_mut() {
                        *items -= 1;
                    }
                }
                // They count for nothing in the list that they are in: the item behind them does.
                Item::Attributes(items, end) => {
                    self.at = end;
                    let and_item = u64::from(self.open.is_empty());
                    self.open(items + and_item)?;
                }
                Item::List(_, items, end) => {
                    self.at = end;
                    if let Some(items) = self.open.last_mut() {
                        *items -= 1;
                    }
                    self.open(items)?;
                }
            }
            if self.is_over() {
                return Ok(Extent::Whole(std::mem::take(self).at));
            }
        }
    }

    /// Whether the message ends with the last item.
    fn is_over(&mut self) -> bool {
        while self.open.last() == Some(&0) {
            self.open.pop();
        }
        self.open.is_empty()
    }

    /// Begins anew at the item that it has come to, for a caller who does not keep the bytes before it. Gives the number of these.
    pub fn forget(&mut self) -> usize {
        std::mem::take(&mut self.at)
    }

    /// Goes on behind the item that it has come to, for a caller who knows its end. True: it was the last one of the message.
    pub fn pass(&mut self) -> bool {
        if let Some(items) = self.open.last_mut() {
            *items -= 1;
        }
        let is_over = self.is_over();
        if is_over {
            *self = Self::default();
        }
        is_over
    }

    /// Begins a list within the others.
    fn open(&mut self, items: u64) -> Result<(), Malformed> {
        if self.open.len() == DEEPEST {
            return Err(Malformed("a message is nested too deep"));
        }
        self.open.push(items);
        Ok(())
    }
}

/// The item that begins at a place of a message.
pub(crate) fn item(message: &[u8], at: usize) -> Result<Item<'_>, Malformed> {
    let rest = &message[at..];
    let Some(&kind) = rest.first() else { return Ok(Item::Missing(1)) };
    if !b"+-:,#_($!=*~%>|".contains(&kind) {
        return Err(Malformed("a message begins with a byte that no message begins with"));
    }
    let window = &rest[1..rest.len().min(LONGEST_LINE)];
    // (Lengths are short, and so are all lines but those of errors: what is looked at again for each piece is little.)
    let Some(length) = window.windows(2).position(|pair| pair == b"\r\n") else {
        let is_longer = rest.len() >= LONGEST_LINE;
        return if is_longer { Err(Malformed("a line is too long")) } else { Ok(Item::Missing(1)) };
    };
    let line = &window[..length];
    let behind = at + 1 + length + 2;
    match kind {
        b'$' | b'!' | b'=' => string(kind, message, behind, number(line)?),
        b'*' | b'~' => Ok(Item::List(kind, number(line)?, behind)),
        b'%' => Ok(Item::List(kind, number(line)? * 2, behind)),
        b'|' => Ok(Item::Attributes(number(line)? * 2, behind)),
        b'>' if at == 0 => Ok(Item::List(kind, number(line)?, behind)),
        b'>' => Err(Malformed("a push is within another message")),
        _ => Ok(Item::Single(kind, line, behind)),
    }
}

/// A string of a length, which begins at a place of a message.
fn string(kind: u8, message: &[u8], at: usize, length: u64) -> Result<Item<'_>, Malformed> {
    if length > LONGEST_STRING {
        return Err(Malformed("a string is too long"));
    }
    let end = at + length as usize;
    match message.get(end..end + 2) {
        Some(b"\r\n") => Ok(Item::Single(kind, &message[at..end], end + 2)),
        Some(_) => Err(Malformed("a string is longer than it said")),
        None => Ok(Item::Missing(end + 2 - message.len())),
    }
}

/// A length or a count.
fn number(line: &[u8]) -> Result<u64, Malformed> {
    let is_number = !line.is_empty() && line.len() <= 10 && line.iter().all(u8::is_ascii_digit);
    let digits = if is_number { line } else { return Err(Malformed("a length is no number that can be")) };
    Ok(digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests;
