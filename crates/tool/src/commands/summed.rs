//! A stream with the sum of the bytes that have come through it.

use std::io::{self, BufRead, Read, Write};

/// A reader or a writer of bytes that are summed up (CRC-32C).
pub struct Summed<S> {
    pub stream: S,
    sum: u32,
}

impl<S> Summed<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, sum: 0 }
    }

    /// The sum of all bytes so far.
    pub fn sum(&self) -> u32 {
        self.sum
    }

    fn add(&mut self, bytes: &[u8]) {
        self.sum = crc32c::crc32c_append(self.sum, bytes);
    }
}

impl<R: BufRead> Summed<R> {
    /// Whether nothing more comes.
    pub fn has_ended(&mut self) -> io::Result<bool> {
        self.stream.fill_buf().map(<[u8]>::is_empty)
    }
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.add(&buffer[..count]);
        Ok(count)
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.stream.write(bytes)?;
        self.add(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
