//! Detection of files of the inbox that were deleted, renamed or replaced while they are open.
//!
//! SQLite continues to write to a file without a name, whose contents are lost when the process
//! ends.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::inbox::InboxError;

/// The names of the open files, and the files that they referred to when they were opened.
///
/// Windows does not let an open file be deleted or renamed, so there is nothing to detect there.
pub(super) struct OpenFiles(Vec<(PathBuf, Identity)>);

impl OpenFiles {
    /// Identifies the database, under the name that it was opened by, and the files that SQLite
    /// keeps beside it.
    ///
    /// Only names are looked up, because closing a descriptor of the database would drop the locks
    /// that SQLite has on it.
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

    /// Returns an error if a name now refers to another file, or to none. A check takes about a
    /// microsecond, so every batch can have one.
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

/// Returns the device and the inode, which stay the same while a file is open.
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
