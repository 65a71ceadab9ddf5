//! Signing commits as git is configured to: with `gpg`, `gpgsm` or `ssh-keygen`, or what stands in for them.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use git2::Config;

use super::programs::{Call, Programs, Said, split};
use crate::git::{GitError, Repo};

/// Whether commits are signed, in the user's words.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Signing {
    /// Where `commit.gpgsign` is set.
    #[default]
    AsConfigured,
    /// Not at all.
    Never,
    /// With this key, or where it is empty, the one that git would take.
    With(String),
}

/// How commits are signed.
#[derive(Debug)]
pub(super) struct Signer {
    format: Format,
    program: PathBuf,
    /// The key, where one is named.
    key: Option<String>,
    /// The command that says which key to take.
    key_command: Option<String>,
    /// The folder that relative paths start from.
    folder: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Format {
    OpenPgp,
    X509,
    Ssh,
}

/// A key itself, rather than the name of its file.
fn literal(key: &str) -> Option<&str> {
    key.strip_prefix("key::").or_else(|| key.starts_with("ssh-").then_some(key))
}

fn failed(program: &Path, message: &str) -> GitError {
    GitError::NotSigned { program: program.display().to_string(), message: message.trim().to_owned() }
}

impl Repo {
    /// How commits are to be signed; `None` where they are not.
    ///
    /// # Errors
    /// The configuration does not make sense.
    pub(super) fn signer(&self, signing: &Signing) -> Result<Option<Signer>, GitError> {
        let config = self.inner.config()?;
        let named = match signing {
            Signing::Never => return Ok(None),
            Signing::AsConfigured if !is_set(&config, "commit.gpgsign")? => return Ok(None),
            Signing::AsConfigured => None,
            Signing::With(key) => Some(key.clone()).filter(|key| !key.is_empty()),
        };
        let get = |name: &str| config.get_string(name).ok().filter(|value| !value.is_empty());
        let format = match get("gpg.format").as_deref() {
            None | Some("openpgp") => Format::OpenPgp,
            Some("x509") => Format::X509,
            Some("ssh") => Format::Ssh,
            Some(other) => return Err(GitError::SigningSetup(format!("gpg.format is `{other}`"))),
        };
        let path = |name: &str| config.get_path(name).ok().filter(|path| !path.as_os_str().is_empty());
        let program = match format {
            Format::OpenPgp => path("gpg.openpgp.program").or_else(|| path("gpg.program")).unwrap_or("gpg".into()),
            Format::X509 => path("gpg.x509.program").unwrap_or("gpgsm".into()),
            Format::Ssh => path("gpg.ssh.program").unwrap_or("ssh-keygen".into()),
        };
        let key = match format {
            // A path may begin with `~`, which git reads as the home.
            Format::Ssh if named.is_none() => ssh_key(&config),
            _ => named.or_else(|| get("user.signingkey")),
        };
        let key_command = get("gpg.ssh.defaultKeyCommand").filter(|_| format == Format::Ssh && key.is_none());
        if format == Format::Ssh && key.is_none() && key_command.is_none() {
            let what = "gpg.format is ssh, and neither user.signingkey nor gpg.ssh.defaultKeyCommand is set";
            return Err(GitError::SigningSetup(what.to_owned()));
        }
        Ok(Some(Signer { format, program, key, key_command, folder: self.top().to_owned() }))
    }
}

fn is_set(config: &Config, name: &str) -> Result<bool, GitError> {
    match config.get_bool(name) {
        Ok(value) => Ok(value),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn ssh_key(config: &Config) -> Option<String> {
    let key = config.get_string("user.signingkey").ok().filter(|key| !key.is_empty())?;
    match literal(&key) {
        Some(_) => Some(key),
        None => config.get_path("user.signingkey").ok()?.to_str().map(str::to_owned),
    }
}

impl Signer {
    /// The signature of a commit's text, as it goes into the commit. `committer` is whose key it is where none is named.
    ///
    /// # Errors
    /// The program fails.
    pub fn sign(&self, text: &[u8], committer: &str, programs: &dyn Programs) -> Result<String, GitError> {
        let signature = match self.format {
            Format::Ssh => self.sign_ssh(text, programs)?,
            Format::OpenPgp | Format::X509 => self.sign_gpg(text, self.key.as_deref().unwrap_or(committer), programs)?,
        };
        let signature = String::from_utf8(signature).map_err(|_| failed(&self.program, "its signature is not text"))?;
        Ok(signature.replace('\r', "").trim_end_matches('\n').to_owned())
    }

    fn sign_gpg(&self, text: &[u8], key: &str, programs: &dyn Programs) -> Result<Vec<u8>, GitError> {
        let arguments = ["--status-fd=2", "-bsau", key].map(OsString::from).to_vec();
        let said = self.run(&self.program, arguments, text, programs)?;
        let status = String::from_utf8_lossy(&said.err);
        // The program may end well without having signed.
        let is_created = status.lines().any(|line| line.starts_with("[GNUPG:] SIG_CREATED "));
        if said.is_good && is_created && !said.out.is_empty() { Ok(said.out) } else { Err(self.refused(&said)) }
    }

    fn sign_ssh(&self, text: &[u8], programs: &dyn Programs) -> Result<Vec<u8>, GitError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |error| GitError::Io { path, error }
        };
        let folder = tempfile::tempdir().map_err(io(Path::new("the folder for temporary files")))?;
        let file = |name: &str, content: &[u8]| -> Result<PathBuf, GitError> {
            let path = folder.path().join(name);
            let mut file = std::fs::File::create_new(&path).map_err(io(&path))?;
            file.write_all(content).map_err(io(&path))?;
            Ok(path)
        };
        let key = match (&self.key, &self.key_command) {
            (Some(key), _) => key.clone(),
            (None, command) => self.default_key(command.as_deref().unwrap_or_default(), programs)?,
        };
        let mut arguments: Vec<OsString> = ["-Y", "sign", "-n", "git", "-f"].map(OsString::from).to_vec();
        match literal(&key) {
            Some(key) => {
                arguments.push(file("key", key.as_bytes())?.into());
                // The private part is the agent's.
                arguments.push("-U".into());
            }
            None => arguments.push(key.into()),
        }
        let buffer = file("commit", text)?;
        arguments.push(buffer.clone().into());
        let said = self.run(&self.program, arguments, &[], programs)?;
        let signature = buffer.with_extension("sig");
        if said.is_good { std::fs::read(&signature).map_err(io(&signature)) } else { Err(self.refused(&said)) }
    }

    fn default_key(&self, command: &str, programs: &dyn Programs) -> Result<String, GitError> {
        let wrong = || GitError::SigningSetup(format!("gpg.ssh.defaultKeyCommand is no command line: {command}"));
        let mut words = split(command).ok_or_else(wrong)?.into_iter();
        let program = PathBuf::from(words.next().ok_or_else(wrong)?);
        let said = self.run(&program, words.map(OsString::from).collect(), &[], programs)?;
        let out = String::from_utf8_lossy(&said.out);
        let first = out.lines().next().unwrap_or_default();
        match literal(first) {
            Some(_) if said.is_good => Ok(first.to_owned()),
            _ if said.is_good => Err(failed(&program, "it names no key")),
            _ => Err(failed(&program, &said.shown)),
        }
    }

    fn run(&self, program: &Path, arguments: Vec<OsString>, input: &[u8], programs: &dyn Programs) -> Result<Said, GitError> {
        let (program, folder) = (program.to_owned(), &self.folder);
        let call = Call { name: "signing", program, arguments, folder, variables: Vec::new(), input, is_hook: false };
        programs.run(&call).map_err(|error| failed(&call.program, &error.to_string()))
    }

    fn refused(&self, said: &Said) -> GitError {
        // What gpg says to programs is not for people.
        let lines: Vec<&str> = said.shown.lines().filter(|line| !line.starts_with("[GNUPG:]")).collect();
        let text = if lines.is_empty() { said.end.clone() } else { lines.join("\n") };
        failed(&self.program, &text)
    }
}
