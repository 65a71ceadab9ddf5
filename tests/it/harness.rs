//! A hermetic place to run the tool and git in: an empty environment, a home of its own, a fixed identity.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// A temporary folder with a `repo` in it, which may or may not be under git.
pub struct Sandbox {
    dir: TempDir,
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub out: String,
    pub err: String,
    pub code: i32,
}

impl Said {
    /// The result of a command that had to succeed.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self.out
    }

    /// What a command that had to fail with this code wrote to stderr.
    #[track_caller]
    pub fn fails(self, code: i32) -> String {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self.err
    }
}

impl Sandbox {
    /// An empty folder.
    pub fn new() -> Self {
        Self::of(TempDir::new().unwrap())
    }

    /// A repository with these files and one commit, in memory where the system has a place for that: nothing waits for a disk.
    pub fn in_memory(files: &[(&str, &str)]) -> Self {
        let sandbox = Self::of(TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap());
        sandbox.fill(files);
        sandbox
    }

    fn of(dir: TempDir) -> Self {
        fs::create_dir(dir.path().join("repo")).unwrap();
        fs::create_dir(dir.path().join("home")).unwrap();
        Self { dir }
    }

    /// A repository with these files and one commit.
    pub fn with_files(files: &[(&str, &str)]) -> Self {
        let sandbox = Self::new();
        sandbox.fill(files);
        sandbox
    }

    fn fill(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            self.write(path, text);
        }
        self.init();
    }

    /// A repository with the files of a folder and one commit.
    pub fn with_copy_of(folder: &Path) -> Self {
        let sandbox = Self::new();
        copy(folder, &sandbox.root());
        sandbox.init();
        sandbox
    }

    pub fn root(&self) -> PathBuf {
        self.dir.path().join("repo").canonicalize().unwrap()
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        String::from_utf8(fs::read(self.path(path)).unwrap()).unwrap()
    }

    /// A file beside the repository, such as a plan.
    pub fn beside(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().canonicalize().unwrap().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// Makes a repository of the files, with one commit.
    pub fn init(&self) {
        self.git(&["init", "-q", "-b", "main"]);
        self.git(&["config", "user.name", "Tester"]);
        self.git(&["config", "user.email", "tester@example.com"]);
        self.commit("Start");
    }

    pub fn commit(&self, message: &str) {
        self.git(&["add", "-A", "-f"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    /// A command with the sandbox's environment, in the repository.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.root()).stdin(Stdio::null());
        command.env("HOME", self.dir.path().join("home")).env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C.UTF-8");
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        for name in ["PATH", "TMPDIR", "SystemRoot"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    pub fn run(&self, mut command: Command) -> Said {
        let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Said {
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap_or(-1),
        }
    }

    /// Runs git, which has to succeed, and returns what it says without the last line end.
    #[track_caller]
    pub fn git(&self, words: &[&str]) -> String {
        self.try_git(words).ok().trim_end().to_owned()
    }

    pub fn try_git(&self, words: &[&str]) -> Said {
        let mut command = self.command("git");
        command.args(words);
        self.run(command)
    }

    /// Runs the tool in the repository.
    pub fn tool(&self, words: &[&str]) -> Said {
        let mut command = self.command(env!("CARGO_BIN_EXE_ssot-migrate"));
        command.args(words);
        self.run(command)
    }

    /// Runs the tool in another folder.
    pub fn tool_in(&self, folder: &Path, words: &[&str]) -> Said {
        let mut command = self.command(env!("CARGO_BIN_EXE_ssot-migrate"));
        command.args(words).current_dir(folder);
        self.run(command)
    }

    /// Runs the tool in another folder, with more in its environment.
    pub fn tool_under(&self, folder: &Path, words: &[&str], variables: &[(&str, &str)]) -> Said {
        let mut command = self.command(env!("CARGO_BIN_EXE_ssot-migrate"));
        command.args(words).current_dir(folder).envs(variables.iter().copied());
        self.run(command)
    }

    /// Starts the tool in the repository and does not wait for it.
    pub fn tool_started(&self, words: &[&str]) -> std::process::Child {
        let mut command = self.command(env!("CARGO_BIN_EXE_ssot-migrate"));
        command.args(words).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// A copy of the repository, of what stands beside it, and of its home.
    pub fn copied(&self) -> Self {
        let sandbox = Self::of(TempDir::new_in(self.dir.path().parent().unwrap()).unwrap());
        copy(self.dir.path(), sandbox.dir.path());
        sandbox
    }

    /// The folder that the repository stands in.
    pub fn base(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    /// Runs the tool with a plan that stands beside the repository.
    pub fn with_plan(&self, plan: &str, words: &[&str]) -> Said {
        let file = self.beside("plan.toml", plan);
        let mut all = words.to_vec();
        all.extend(["--plan", file.to_str().unwrap()]);
        self.tool(&all)
    }

    /// Runs Python in the repository.
    pub fn python(&self, words: &[&str]) -> Said {
        // Where `python3` is a script that looks for the real one, it is looked for once.
        static PYTHON: OnceLock<String> = OnceLock::new();
        let python = PYTHON.get_or_init(|| {
            let mut command = self.command("python3");
            command.args(["-c", "import sys; print(sys.executable)"]);
            self.run(command).ok().trim_end().to_owned()
        });
        let mut command = self.command(python);
        command.args(words);
        self.run(command)
    }

    /// The id of HEAD's tree.
    pub fn tree(&self) -> String {
        self.git(&["rev-parse", "HEAD^{tree}"])
    }

    /// All files of the work tree, without git's own.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.root())
    }
}

/// All files below a folder, by their paths from it; git's own are left out.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let entries = walkdir::WalkDir::new(folder).into_iter().filter_entry(|entry| entry.file_name() != ".git");
    for entry in entries.map(Result::unwrap).filter(|entry| entry.file_type().is_file()) {
        let path = entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        found.insert(path, fs::read(entry.path()).unwrap());
    }
    found
}

/// Copies a folder, modes included.
pub fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The project's own folder.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A plan with one phase of one step, whose body is given.
pub fn plan_of(body: &str) -> String {
    format!("name = \"test\"\n\n[[phase]]\nid = \"phase\"\n\n[[phase.step]]\nid = \"step\"\n{body}\n")
}

/// A move of `pkg.legacy:Manager` to `pkg.ssot:Manager`, which are one class.
pub const MOVE: &str = "kind = \"move-symbol\"\nfrom = \"pkg.legacy:Manager\"\nto = \"pkg.ssot:Manager\"";

/// The files that [`MOVE`] is about, with one importer.
pub const FILES: [(&str, &str); 4] = [
    ("pkg/__init__.py", ""),
    ("pkg/legacy.py", "class Manager:\n    pass\n"),
    ("pkg/ssot.py", "from pkg.legacy import Manager\n"),
    ("app.py", "from pkg.legacy import Manager\n\nprint(Manager.__name__)"),
];

/// What becomes of `app.py` in [`FILES`].
pub const MOVED: &str = "from pkg.ssot import Manager\n\nprint(Manager.__name__)";
