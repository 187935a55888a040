//! Disks that a test may fill or cut off, which requires root.

use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::skip::skip;

/// A mounted file system, unmounted on drop.
pub struct Mount {
    folder: TempDir,
}

/// Returns whether disks can be mounted, and reports it if they cannot.
pub fn may_mount() -> bool {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if !is_root {
        skip("mounting a disk takes root");
    }
    is_root
}

impl Mount {
    /// Mounts a small file system in memory.
    pub fn small(bytes: u64) -> Self {
        Self::new(&["-t", "tmpfs", "-o", &format!("size={bytes}"), "none"])
    }

    /// Mounts the image of a disk.
    pub fn image(image: &Path) -> Self {
        Self::new(&["-o", "loop", image.to_str().unwrap()])
    }

    fn new(arguments: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let mounted = Command::new("mount").args(arguments).arg(folder.path()).output().unwrap();
        assert!(mounted.status.success(), "{}", String::from_utf8_lossy(&mounted.stderr));
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes the file system read-only.
    pub fn make_read_only(&self) {
        let remount = Command::new("mount").args(["-o", "remount,ro"]).arg(self.path()).status();
        assert!(remount.unwrap().success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

/// Creates the image of an empty disk.
pub fn new_image(folder: &Path) -> PathBuf {
    let image = folder.join("disk");
    std::fs::File::create(&image).unwrap().set_len(256 << 20).unwrap();
    let made = Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image).status().unwrap();
    assert!(made.success());
    image
}

/// Copies the image of a mounted disk. Data that the system still holds in memory is not in the
/// copy, as after a power failure.
pub fn copy_image(image: &Path) -> PathBuf {
    let copy = image.with_extension("copy");
    let copied = Command::new("cp").arg("--sparse=always").args([image, &copy]).status().unwrap();
    assert!(copied.success());
    copy
}
