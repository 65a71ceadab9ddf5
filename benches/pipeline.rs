//! How long facts, the index and a whole plan take on generated repositories: `cargo bench`.
//!
//! The repositories come from `tests/generate_repo.py`, seeded, so two runs measure the same work. Compare runs on one machine only.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, OnceLock};

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use ssot_migrate::git::folder;
use ssot_migrate::index::words::Words;
use ssot_migrate::index::{Index, Options};
use ssot_migrate::lang::python;
use ssot_migrate::plan::build::{NoProgress, Request, build};
use ssot_migrate::plan::spec::{self, Plan};
use ssot_migrate::text::snapshot::{Memory, Snapshot};
use ssot_migrate::transform::finding::Applicability;
use ssot_migrate::transform::pack::{EmbeddedSiblings, Packs};
use ssot_migrate::transform::wire::SpecFile;

fn main() {
    divan::main();
}

/// The numbers of importing files.
const SIZES: [usize; 2] = [300, 3000];

/// A generated repository, held in memory, and its plan.
struct Repo {
    snapshot: Snapshot,
    texts: Vec<String>,
    plan: Plan,
}

fn repo(size: usize) -> &'static Repo {
    static REPOS: [OnceLock<Repo>; SIZES.len()] = [const { OnceLock::new() }; SIZES.len()];
    let at = SIZES.iter().position(|&other| other == size).expect("a size that is listed");
    REPOS[at].get_or_init(|| {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/generate_repo.py");
        let root = dir.path().join("repo");
        let status =
            Command::new("python3").arg(script).arg(&root).args(["--seed", "1", "--files", &size.to_string()]).status();
        assert!(status.expect("python3").success());
        let text = std::fs::read_to_string(root.join(".oracle/plan.toml")).expect("the generated plan");
        let file = Arc::new(SpecFile { name: "plan.toml".to_owned(), text });
        let plan = spec::read(&file, &EmbeddedSiblings, &Packs::embedded()).expect("a right plan");
        let disk = folder::snapshot(&root).expect("the generated files");
        let content = |file: &ssot_migrate::text::snapshot::File| disk.read(file).expect("a readable file").to_vec();
        let files: Vec<(Vec<u8>, Vec<u8>)> =
            disk.files().iter().map(|file| (file.path.as_bytes().to_vec(), content(file))).collect();
        let texts = files.iter().filter_map(|(_, bytes)| String::from_utf8(bytes.clone()).ok()).collect();
        Repo { snapshot: Memory::snapshot(files), texts, plan }
    })
}

/// Parsing and collecting facts, one thread.
#[divan::bench(args = SIZES)]
fn facts(bencher: Bencher, size: usize) {
    let texts = &repo(size).texts;
    let bytes: usize = texts.iter().map(String::len).sum();
    bencher
        .counter(BytesCount::new(bytes))
        .bench(|| texts.iter().map(|text| python::collect(text, None).uses.len()).sum::<usize>());
}

/// The prefilter's word sets, one thread.
#[divan::bench(args = SIZES)]
fn words(bencher: Bencher, size: usize) {
    let texts = &repo(size).texts;
    let bytes: usize = texts.iter().map(String::len).sum();
    bencher.counter(BytesCount::new(bytes)).bench(|| texts.iter().map(|text| Words::of(text.as_bytes())).collect::<Vec<_>>());
}

/// The index with the facts of every file, all threads.
#[divan::bench(args = SIZES)]
fn index(bencher: Bencher, size: usize) {
    let repo = repo(size);
    bencher.counter(ItemsCount::new(repo.texts.len())).bench(|| {
        let index = Index::build(repo.snapshot.clone(), &Options::default());
        let files: Vec<_> = index.python_files().collect();
        index.warm(&files);
        index
    });
}

/// A whole plan, proofs included, all threads.
#[divan::bench(args = SIZES, sample_count = 10)]
fn plan(bencher: Bencher, size: usize) {
    let repo = repo(size);
    bencher.counter(ItemsCount::new(repo.texts.len())).bench(|| {
        let request = Request {
            plan: &repo.plan,
            phases: repo.plan.phases.iter().collect(),
            threshold: Applicability::Safe,
            is_applied: &|_, _| false,
            is_left_out: &|_, _| false,
            again: None,
            progress: &NoProgress,
            chooser: None,
        };
        let index = Index::build(repo.snapshot.clone(), &repo.plan.options);
        build(index, &request).expect("a plan that keeps the laws").steps.len()
    });
}
