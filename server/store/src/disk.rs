//! Where the embedded database lies: never on a network file system, whose locks and syncs cannot be trusted.

use std::path::Path;

use crate::{Result, StoreError};

/// File systems on which SQLite's locks or syncs are not to be relied upon.
const NETWORK: [&str; 10] =
    ["nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "fuse.sshfs", "fuse.glusterfs"];

/// Whether a log of changes that were not folded back lies beside the file: the last stop was not a clean one.
pub(crate) fn has_log(path: &str) -> bool {
    std::fs::metadata(format!("{path}-wal")).is_ok_and(|m| m.len() > 0)
}

/// Refuses a directory on a network file system. Where the kernel does not tell, nothing is refused.
pub(crate) fn refuse_network(dir: &Path) -> Result<()> {
    let (Ok(dir), Ok(mounts)) = (dir.canonicalize(), std::fs::read_to_string("/proc/self/mountinfo")) else {
        return Ok(());
    };
    match file_system(&dir, &mounts) {
        Some(kind) if NETWORK.contains(&kind) => Err(StoreError::DataDir {
            path: dir.display().to_string(),
            reason: format!(
                "it lies on a network file system ({kind}), where SQLite can lose data; use a local disk, or PostgreSQL"
            ),
        }),
        _ => Ok(()),
    }
}

/// The kind of the file system that holds `dir`, by the deepest mount above it (proc(5), mountinfo).
fn file_system<'m>(dir: &Path, mounts: &'m str) -> Option<&'m str> {
    let mount = |line: &'m str| {
        let (before, after) = line.split_once(" - ")?;
        let point = Path::new(before.split(' ').nth(4)?);
        dir.starts_with(point).then_some((point.components().count(), after.split(' ').next()?))
    };
    // A later mount on the same point hides the earlier one.
    mounts.lines().filter_map(mount).max_by_key(|(depth, _)| *depth).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
40 22 0:35 / /srv/share rw,relatime shared:20 - nfs4 files:/share rw
41 22 0:36 / /srv/share/local rw,relatime shared:21 - xfs /dev/vdb rw";

    #[test]
    fn the_deepest_mount_decides() {
        let kind = |path: &str| file_system(Path::new(path), MOUNTS);
        assert_eq!(kind("/var/lib/waypost"), Some("ext4"));
        assert_eq!(kind("/srv/share/data"), Some("nfs4"));
        assert_eq!(kind("/srv/share/local/data"), Some("xfs"));
        assert_eq!(kind("/srv/shared"), Some("ext4"));
    }
}
