//! A small disk for the servers' data, that can be filled up: a tmpfs, where we may mount one.

use std::{
    fs::{File, Permissions},
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Bytes; what the servers need in ten minutes, several times over.
const SIZE: &str = "1g";

/// The folder of the servers' data, removed at the end.
pub struct Disk {
    folder: PathBuf,
    mounted: bool,
}

impl Disk {
    pub fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("career-worker-storm-{}", crate::support::unique()));
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let options = format!("size={SIZE},mode=755");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "career-worker-storm"]).arg(&folder).stderr(Stdio::null());
        let mounted = mount.status().is_ok_and(|status| status.success());
        Self { folder, mounted }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether it can be filled up.
    pub fn can_be_full(&self) -> bool {
        self.mounted
    }

    /// For the report.
    pub fn describe(&self) -> &'static str {
        if self.mounted { "a tmpfs that is filled up" } else { "never full (a tmpfs cannot be mounted here)" }
    }

    /// Takes all the space there is.
    pub fn fill(&self) {
        if !self.mounted {
            return;
        }
        let Ok(mut ballast) = File::options().append(true).create(true).open(self.ballast()) else { return };
        for size in [1 << 20, 4 << 10, 1] {
            let piece = vec![0; size];
            while ballast.write_all(&piece).is_ok() {}
        }
    }

    pub fn free(&self) {
        let _ = std::fs::remove_file(self.ballast());
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.mounted {
            let _ = Command::new("umount").arg("-l").arg(&self.folder).stderr(Stdio::null()).status();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
