//! Standard input, to be read twice: to see whether it is whole before anything is done with it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;

use crate::outcome::{Failure, Outcome};
use crate::output::widen;

/// Up to so many bytes are kept in memory.
const IN_MEMORY: usize = 16 << 20;

/// All of standard input.
pub enum Spool {
    /// A file, which is read where it lies, and where it begins.
    File(File, u64),
    /// Anything else is kept as it comes: in memory, or in a file without a name in the folder of temporary files.
    Kept(Kept),
}

impl Spool {
    pub fn new() -> Outcome<Self> {
        let input = File::from(rustix::stdio::stdin().try_clone_to_owned().map_err(|error| Failure::of_input(&error))?);
        let is_file = input.metadata().is_ok_and(|metadata| metadata.is_file());
        if is_file && let Ok(start) = (&input).stream_position() {
            return Ok(Self::File(input, start));
        }
        widen(&input);
        Ok(Self::Kept(Kept { input, copy: SpooledTempFile::new(IN_MEMORY), fault: None }))
    }

    /// Reads all of it, as it comes.
    pub fn read_first(&mut self, read: impl FnOnce(&mut dyn Read) -> Outcome<()>) -> Outcome<()> {
        match self {
            Self::File(file, _) => read(file),
            Self::Kept(kept) => {
                let done = read(kept);
                match kept.fault.take() {
                    Some(error) => Err(Failure::of_folder(&std::env::temp_dir(), &error)),
                    None => done,
                }
            }
        }
    }

    /// Goes back to its beginning.
    pub fn again(&mut self) -> Outcome<&mut dyn Read> {
        let of_input = |error| Failure::of_input(&error);
        match self {
            Self::File(file, start) => {
                file.seek(SeekFrom::Start(*start)).map_err(of_input).map(|_| file as &mut dyn Read)
            }
            Self::Kept(Kept { copy, .. }) => copy.rewind().map_err(of_input).map(|()| copy as &mut dyn Read),
        }
    }
}

/// An input of which all that has been read is kept.
pub struct Kept {
    input: File,
    copy: SpooledTempFile,
    /// Why it could not be kept.
    fault: Option<io::Error>,
}

impl Read for Kept {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        if let Err(error) = self.copy.write_all(&buffer[..count]) {
            self.fault = Some(error);
            return Err(io::Error::other("it cannot be kept"));
        }
        Ok(count)
    }
}
