//! Modes of what is written into a repository that several people share (`core.sharedRepository`): as git gives them, whatever the umask.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use git2::{Config, ErrorCode};

use crate::git::{GitError, Repo};

/// Who may read and write what is in the git directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::git) enum Sharing {
    /// As the umask says.
    Umask,
    /// These bits are added.
    AtLeast(u32),
    /// These bits, and no others.
    Exactly(u32),
}

impl Repo {
    /// Who may read and write what is in the git directory.
    ///
    /// # Errors
    /// The configuration does not make sense.
    pub(in crate::git) fn sharing(&self) -> Result<Sharing, GitError> {
        match self.inner.config()?.get_string("core.sharedRepository") {
            Ok(value) => Sharing::parse(&value).ok_or(GitError::BadSharing(value)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(Sharing::Umask),
            Err(error) => Err(error.into()),
        }
    }
}

impl Sharing {
    /// Reads the value of `core.sharedRepository`.
    fn parse(value: &str) -> Option<Self> {
        const GROUP: Sharing = Sharing::AtLeast(0o660);
        const ALL: Sharing = Sharing::AtLeast(0o664);
        match value {
            "umask" => return Some(Self::Umask),
            "group" => return Some(GROUP),
            "all" | "world" | "everybody" => return Some(ALL),
            _ => {}
        }
        match u32::from_str_radix(value, 8) {
            Ok(0) => Some(Self::Umask),
            Ok(1) => Some(GROUP),
            Ok(2) => Some(ALL),
            Ok(mode) => (mode & 0o600 == 0o600).then_some(Self::Exactly(mode & 0o666)),
            Err(_) => Config::parse_bool(value).ok().map(|is_shared| if is_shared { GROUP } else { Self::Umask }),
        }
    }

    /// The mode that a file or folder of this mode gets.
    fn mode(self, old: u32, is_folder: bool) -> u32 {
        let (bits, is_exact) = match self {
            Self::Umask => return old,
            Self::AtLeast(bits) => (bits, false),
            Self::Exactly(bits) => (bits, true),
        };
        let bits = if old & 0o200 == 0 { bits & !0o222 } else { bits };
        let bits = if old & 0o100 == 0 { bits } else { bits | (bits & 0o444) >> 2 };
        let mode = if is_exact { old & !0o777 | bits } else { old | bits };
        if !is_folder {
            return mode;
        }
        let mode = mode | (mode & 0o444) >> 2;
        // What is made in the folder belongs to its group.
        if mode & 0o060 == 0 { mode } else { mode | 0o2000 }
    }

    /// Gives a file or folder its mode.
    #[cfg(unix)]
    pub fn give(self, path: &Path) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        if self == Self::Umask {
            return Ok(());
        }
        let found = fs::metadata(path)?;
        let old = found.permissions().mode() & 0o7777;
        let new = self.mode(old, found.is_dir());
        if new == old { Ok(()) } else { fs::set_permissions(path, fs::Permissions::from_mode(new)) }
    }

    /// Gives a file or folder its mode.
    #[cfg(not(unix))]
    pub fn give(self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    /// Makes a folder and those that it lies in, as far as they are missing, and returns the ones in which something has been made.
    pub fn make_folder(self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let missing: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.is_dir()).collect();
        fs::create_dir_all(folder)?;
        missing.iter().try_for_each(|folder| self.give(folder))?;
        Ok(missing.iter().filter_map(|folder| Some(folder.parent()?.to_owned())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_modes_are_those_of_git() {
        for (value, wanted) in [
            ("umask", Some(Sharing::Umask)),
            ("false", Some(Sharing::Umask)),
            ("group", Some(Sharing::AtLeast(0o660))),
            ("true", Some(Sharing::AtLeast(0o660))),
            ("1", Some(Sharing::AtLeast(0o660))),
            ("everybody", Some(Sharing::AtLeast(0o664))),
            ("0640", Some(Sharing::Exactly(0o640))),
            ("0060", None),
            ("nobody", None),
        ] {
            assert_eq!(Sharing::parse(value), wanted, "{value}");
        }
        let modes = |sharing: Sharing| {
            [(0o444, false), (0o600, false), (0o755, true)].map(|(old, is_folder)| sharing.mode(old, is_folder))
        };
        assert_eq!(modes(Sharing::AtLeast(0o660)), [0o444, 0o660, 0o2775]);
        assert_eq!(modes(Sharing::Exactly(0o640)), [0o440, 0o640, 0o2750]);
        assert_eq!(modes(Sharing::Exactly(0o600)), [0o400, 0o600, 0o700]);
    }
}
