//! Strings that name code: what reads patch targets and dotted paths, in Python and in configuration files.
//!
//! The place of a path spells it, its parts lead no further than there are parts, and what a move makes of the files is text again, with
//! no error for either parser that was not there.

use std::sync::Arc;

use ssot_migrate::index::{Index, Options};
use ssot_migrate::lang::config::{self, Format};
use ssot_migrate::lang::python::facts::StringPlace;
use ssot_migrate::lang::python::strings::{self, Role, Text};
use ssot_migrate::syntax::{self, Grammar};
use ssot_migrate::text::snapshot::{FileId, Memory};
use ssot_migrate::transform::finding::Outcome;
use ssot_migrate::transform::wire::SpecFile;
use ssot_migrate::transform::{self, Scope, Transform, pack};

use super::input::Input;

const MOVE: &str = "kind = \"move-symbol\"\nfrom = \"pkg.old:X\"\nto = \"pkg.new:X\"\n";
const HEAD: &str = "import importlib, sys\nfrom unittest import mock\nfrom unittest.mock import patch\nimport pkg.old\n\n";

/// The expressions of a test, and a configuration file.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let format = [Format::Toml, Format::Yaml, Format::Ini, Format::Json][input.below(4)];
    let [code, configuration] = [input.text(), input.text()];
    dotted(format, &configuration);
    let test = format!("{HEAD}def test(monkeypatch, mocker):\n    {}\n", code.replace('\n', "\n    "));
    let ending = ["toml", "yaml", "cfg", "json"][format as usize];
    let settings = format!("settings.{ending}");
    let files = [
        ("pkg/__init__.py", ""),
        ("pkg/old.py", "class X:\n    def f(self): ...\n\ndef use():\n    return X()\n"),
        ("pkg/new.py", "from pkg.old import X\n\ndef use():\n    return X()\n"),
        ("pkg/user.py", "from pkg.old import X\nimport pkg.old\n\ndef use():\n    return X(), pkg.old.X\n"),
        ("test_it.py", test.as_str()),
        (settings.as_str(), configuration.as_str()),
    ];
    let snapshot = Memory::snapshot(files);
    let index = Index::build(snapshot, &Options::default());
    for file in index.python_files() {
        roles(&index, file);
    }
    moved(&index);
}

fn dotted(format: Format, text: &str) {
    let mut end = 0;
    for path in config::dotted_paths(format, text, &|_| true) {
        assert!(path.span.start >= end, "in order");
        end = path.span.end;
        assert!(text.get(path.span.range()).is_some_and(strings::is_path));
    }
    config::is_readable(format, text);
}

fn roles(index: &Index, file: FileId) {
    let facts = index.facts(file);
    let text = index.text(file).expect("all are UTF-8");
    for string in &facts.strings {
        let value = facts.names.get(string.value);
        let role = strings::role(index, file, string);
        assert_eq!(role, strings::role(index, file, string));
        if let Some(content) = strings::content(&text, string.span, value) {
            assert!(string.span.covers(content));
            assert_eq!(&text[content.range()], value);
        }
        strings::is_given_to_patch(facts, string);
        if strings::is_path(value) {
            let parts = value.split(['.', ':']).count();
            assert!(strings::steps(index, value).len() <= parts);
            (1..=parts).for_each(|count| assert!(value.starts_with(strings::prefix(value, count))));
        }
        if let (Role::Member | Role::PatchMember | Role::SetMember, StringPlace::Argument(argument)) = (role, string.place) {
            strings::owner(index, file, &argument);
        }
    }
    for computed in &facts.computed {
        match strings::value(facts, computed) {
            Text::Known(_) => {}
            Text::Partly { start, end } => assert!(start.len() + end.len() < usize::MAX),
        }
        strings::argument_role(index, file, &computed.argument);
    }
    strings::patches_unknown_paths(index, file, &text);
}

/// A move of what the strings may name: its fixes fit together, and break nothing for either parser.
fn moved(index: &Index) {
    let change =
        transform::run(index, &Scope::default(), &the_move(), &[]).into_iter().filter_map(|finding| match finding.outcome {
            Outcome::Fix(fix) => Some(fix.change),
            Outcome::Left(_) => None,
        });
    let mut all = ssot_migrate::text::change::SourceChange::default();
    for change in change {
        all.union(&change).expect("the fixes of a step fit together");
    }
    let after = index.snapshot().with(&all).expect("the fixes fit the files");
    let after = Index::build(after, &Options::default());
    for file in after.python_files() {
        let Some(old) = index.snapshot().id(&after.snapshot().get(file).path) else { continue };
        let text = after.text(file).expect("what was UTF-8 is UTF-8");
        assert!(after.facts(file).errors.len() <= index.facts(old).errors.len(), "a new syntax error:\n{text}");
        let errors = |text: &str| syntax::parse(Grammar::Python, text).map_or(0, |tree| tree.errors().len());
        assert!(errors(&text) <= errors(&index.text(old).expect("it is UTF-8")), "a new syntax error:\n{text}");
    }
}

fn the_move() -> Transform {
    let file = Arc::new(SpecFile { name: "move.toml".to_owned(), text: MOVE.to_owned() });
    pack::load("move", &file).expect("it is a transform").0
}
