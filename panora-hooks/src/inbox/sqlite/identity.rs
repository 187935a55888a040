//! Noticing that the files of the inbox were deleted, renamed or replaced while they are open.
//!
//! SQLite goes on writing to a file without a name, and what it holds is gone with the process.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::inbox::InboxError;

/// The names of the open files, and what they led to when they were opened.
///
/// Windows lets nobody delete or rename an open file, so there is nothing to notice there.
pub(super) struct OpenFiles(Vec<(PathBuf, Identity)>);

impl OpenFiles {
    /// The database under the name that it was opened by, and the files that SQLite keeps beside
    /// it.
    ///
    /// Only names are looked at. Closing a descriptor of the database would drop the locks that
    /// SQLite has on it.
    pub(super) fn new(path: &Path, file: &Path) -> io::Result<Self> {
        let beside = ["-wal", "-shm"].map(|suffix| {
            let mut name = file.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        });
        let files = std::iter::once(std::path::absolute(path)?).chain(beside);
        let identified = files.map(|file| {
            let identity = identity(&file)?;
            Ok((file, identity))
        });
        Ok(Self(identified.collect::<io::Result<_>>()?))
    }

    /// Fails if a name leads elsewhere by now, or nowhere. A look takes about a microsecond, so
    /// every batch can have one.
    pub(super) fn check(&self) -> Result<(), InboxError> {
        let is_gone = |(file, opened): &&(PathBuf, Identity)| match identity(file) {
            Ok(found) => found != *opened,
            Err(_) => true,
        };
        let Some((file, _)) = self.0.iter().find(is_gone) else { return Ok(()) };
        let gone = format!("`{}` was deleted, renamed or replaced while it was open", file.display());
        Err(InboxError::Gone(gone.into()))
    }
}

#[cfg(unix)]
type Identity = (u64, u64);

/// The device and the inode, which stay the same while a file is open.
#[cfg(unix)]
fn identity(file: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;

    let file = std::fs::metadata(file)?;
    Ok((file.dev(), file.ino()))
}

#[cfg(not(unix))]
type Identity = u8;

#[cfg(not(unix))]
fn identity(_: &Path) -> io::Result<Identity> {
    Ok(0)
}
