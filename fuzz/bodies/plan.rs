//! The plan parser: plans, transforms and the tables of moves beside them; and the reader of saved plans.
//!
//! What is read is sound: ids are plain, phases stand behind those they require, the same text gives the same plan. What is not is told
//! with places inside the text, and nothing of the text reaches a terminal raw.

use std::collections::BTreeSet;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use ssot_migrate::index::{Index, Options};
use ssot_migrate::plan::artefact::Artefact;
use ssot_migrate::plan::spec::{self, Plan};
use ssot_migrate::text::snapshot::Memory;
use ssot_migrate::transform::pack::{self, Packs};
use ssot_migrate::transform::wire::{Siblings, SpecError, SpecFile};

use super::input::Input;

/// The files beside the plan: one, under every name.
struct Beside(String);

impl Siblings for Beside {
    fn sibling(&self, _: &SpecFile, name: &str) -> Result<Arc<SpecFile>, String> {
        Ok(Arc::new(SpecFile { name: name.to_owned(), text: self.0.clone() }))
    }
}

/// A plan, the file beside it, and a transform that it can use; or a saved plan.
pub fn run(data: &[u8]) {
    if data.first() == Some(&b'{') {
        return saved(&String::from_utf8_lossy(data));
    }
    let mut input = Input(data);
    let [text, beside, transform] = [input.text(), input.text(), input.text()];
    let file = |name: &str, text: String| SpecFile { name: name.to_owned(), text };
    let mut packs = Packs::default();
    packs.add("own/transform".to_owned(), file("transform.toml", transform.clone()));
    let plan = Arc::new(file("plan.toml", text));
    let beside = Beside(beside);
    match spec::read(&plan, &beside, &packs) {
        Ok(read) => {
            sound(&read);
            let again = spec::read(&plan, &beside, &packs).map(|again| again.digest);
            assert_eq!(again.as_ref().ok(), Some(&read.digest));
            used(&read);
        }
        Err(error) => told(&error),
    }
    if transform.is_empty() {
        return;
    }
    match pack::load("own/transform", &Arc::new(file("transform.toml", transform))) {
        Ok((transform, examples)) => {
            for example in examples.iter().take(2) {
                let _ = example.run(&transform);
            }
        }
        Err(error) => told(&error),
    }
}

fn sound(plan: &Plan) {
    let is_plain = |id: &str| {
        let is_sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !id.is_empty() && !id.starts_with(['-', '.']) && id.chars().all(is_sound)
    };
    assert!(is_plain(&plan.name));
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for phase in &plan.phases {
        assert!(is_plain(&phase.id), "{}", phase.id);
        assert!(phase.requires.iter().all(|required| done.contains(required.as_str())), "{}", phase.id);
        assert!(done.insert(&phase.id), "{} twice", phase.id);
        let mut steps: BTreeSet<&str> = BTreeSet::new();
        for step in &phase.steps {
            assert!(is_plain(&step.id) && steps.insert(&step.id), "{}", step.id);
        }
    }
}

/// What is wrong is told with places inside the text, and shown without what terminals obey.
fn told(error: &SpecError) {
    assert!(!error.problems.is_empty());
    for problem in &error.problems {
        let (text, range) = (&problem.origin.file.text, &problem.origin.range);
        assert!(text.get(range.clone()).is_some(), "{range:?} of {} bytes", text.len());
        let (line, column) = problem.origin.line_column();
        assert!(line >= 1 && column >= 1);
    }
    let shown = error.render(false);
    let raw = shown.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(raw, None, "{shown:?}");
}

/// The rules of a plan answer for a small program.
fn used(plan: &Plan) {
    let files = [
        ("pkg/__init__.py", ""),
        ("pkg/a.py", "class X:\n    def f(self): ...\n\ndef make(y=None):\n    return X()\n"),
        ("pkg/b.py", "from pkg.a import X, make\nimport pkg.a\nx = make(1)\npkg.a.X().f()\n"),
        ("web/a.ts", "export class X {}\nexport const make = () => new X();\n"),
        ("web/b.ts", "import { X, make } from './a';\nmake();\nnew X();\n"),
    ];
    let index = Index::build(Memory::snapshot(files), &Options::default());
    let subjects = plan.subjects(&index);
    for step in plan.phases.iter().flat_map(|phase| &phase.steps).take(4) {
        for problem in step.transform.rule.check(&index) {
            told(&SpecError { problems: vec![problem] });
        }
        for finding in ssot_migrate::transform::run(&index, &plan.scope, &step.transform, &subjects) {
            assert!(index.snapshot().file(&finding.place.path).is_some(), "{}", finding.place);
        }
    }
}

/// A saved plan reads back as it was written, whatever signed it.
fn saved(text: &str) {
    for text in [text.to_owned(), signed(text)] {
        if let Ok(read) = Artefact::from_json(&text) {
            let written = read.to_json();
            assert_eq!(Artefact::from_json(&written).as_ref(), Ok(&read));
            assert_eq!(signed(&written), signed(&signed(&written)), "signing changes nothing but the digest");
        }
    }
}

/// The text with the digest that fits it, if it is written as the tool would: anybody can do that, so what stands behind a right digest is
/// hostile as well.
fn signed(text: &str) -> String {
    let mut compact = String::new();
    let (mut is_quoted, mut is_escaped) = (false, false);
    for c in text.chars() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ => {}
        }
        if is_quoted || !c.is_whitespace() {
            compact.push(c);
        }
    }
    let Some(start) = compact.find("\"digest\":\"").map(|at| at + "\"digest\":\"".len()) else { return compact };
    let Some(end) = compact[start..].find('"').map(|length| start + length) else { return compact };
    compact.replace_range(start..end, "");
    let digest: String = Sha256::digest(&compact).iter().map(|byte| format!("{byte:02x}")).collect();
    compact.insert_str(start, &digest);
    compact
}
