//! Disks of a test's own, which take the rights of root.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::say;

/// A file system that is mounted as long as this lives.
pub struct Mount {
    folder: TempDir,
}

impl Mount {
    /// A small file system in memory. `None`, and a word about it, without the right to mount.
    pub fn small(bytes: u64) -> Option<Self> {
        Self::new(&["-t", "tmpfs", "-o", &format!("size={bytes}"), "none"])
    }

    /// What is on the image of a disk.
    pub fn image(image: &Path) -> Option<Self> {
        Self::new(&["-o", "loop", image.to_str().unwrap()])
    }

    fn new(arguments: &[&str]) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mounted = Command::new("mount").args(arguments).arg(folder.path()).stderr(Stdio::null()).status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self { folder });
        }
        say("skipped: mounting a disk takes root");
        None
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// From now on nothing can be written.
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

/// The image of an empty disk.
pub fn new_image(folder: &Path) -> PathBuf {
    let image = folder.join("disk");
    std::fs::File::create(&image).unwrap().set_len(256 << 20).unwrap();
    let made = Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image).status().unwrap();
    assert!(made.success());
    image
}
