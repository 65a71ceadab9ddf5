//! Imports whose names nothing in their file uses, neither as a value nor as a type.
//!
//! What JSX stands for, and what comments name, is not looked at here: that depends on how the file is compiled.

use rustc_hash::FxHashSet;

use super::facts::{AliasForm, AliasId, BindingId, BindingKind, Exported, Facts, ScopeId, Use};
use crate::text::span::Span;

/// The names that a file takes from modules by import declarations and that nothing in it uses. A file that does not parse, or that
/// evaluates texts as code, has none.
pub fn unused(facts: &Facts) -> Vec<AliasId> {
    unused_without(facts, &|_| false)
}

/// The same once the bytes that are gone use nothing any more.
pub fn unused_without(facts: &Facts, is_gone: &dyn Fn(Span) -> bool) -> Vec<AliasId> {
    let is_eval = |used: &Use| used.binding.is_none() && facts.names.get(used.name) == "eval";
    if !facts.errors.is_empty() || facts.uses.iter().any(is_eval) {
        return Vec::new();
    }
    let uses = facts.uses.iter().filter(|used| !is_gone(used.span)).filter_map(|used| used.binding);
    let exported = facts.exports.iter().filter(|export| !is_gone(export.span)).filter_map(|export| match export.what {
        Exported::Binding(binding) => Some(binding),
        _ => None,
    });
    let used: FxHashSet<BindingId> = uses.chain(exported).collect();
    let is_unused = |(id, local): &(AliasId, BindingId)| {
        let binding = &facts.bindings[local.index()];
        // What merges with a declaration of the file is used by it.
        let is_alone = binding.kind == BindingKind::Import(*id) && facts.declarations_of(binding).len() == 1;
        is_alone && binding.scope == ScopeId::MODULE && !used.contains(local)
    };
    let imported = facts.aliases.iter().enumerate().filter_map(|(at, alias)| {
        let is_declared = matches!(alias.form, AliasForm::Import(_) | AliasForm::ImportEquals);
        Some((AliasId::new(at), alias.local.filter(|_| is_declared)?))
    });
    imported.filter(is_unused).map(|(id, _)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::typescript::collect;
    use crate::text::path::RepoPath;

    fn names(text: &str) -> String {
        let facts = collect(text, &RepoPath::new("web/a.tsx").unwrap());
        let local = |id: AliasId| facts.aliases[id.index()].local.unwrap();
        let names = unused(&facts).into_iter().map(|id| facts.names.get(facts.bindings[local(id).index()].name).to_owned());
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_name_is_used_by_any_meaning() {
        assert_eq!(names("import { A, B, C } from 'm';\nlet a: A;\n<C />;\n"), "B");
        assert_eq!(names("import D, * as ns from 'm';\nexport type T = ns.X;\n"), "D");
        assert_eq!(names("import { A } from 'm';\nfunction f(A: string) { return A; }\n"), "A");
        assert_eq!(names("import { A } from 'm';\ntype T = typeof A;\n"), "");
        assert_eq!(names("import type { A, B } from 'm';\nimport E = require('e');\nexport { A };\n"), "B E");
        assert_eq!(names("import { A } from 'm';\nexport default A;\n"), "");
        assert_eq!(names("import { A as B, type C } from 'm';\nB();\n"), "C");
    }

    #[test]
    fn what_is_there_for_its_effect_or_is_no_import_is_not_told() {
        assert_eq!(names("import 'm';\nimport {} from 'n';\nconst { A } = require('m');\n"), "");
        assert_eq!(names("import { A } from 'm';\neval('A()');\n"), "");
        assert_eq!(names("import { A } from 'm';\ninterface A { x: 1 }\n"), "");
        assert_eq!(names("import { A } from 'm';\nexport { B } from 'n';\n("), "");
    }

    #[test]
    fn what_is_gone_uses_nothing() {
        let text = "import { A, B } from 'm';\nA;\nB;\n";
        let facts = collect(text, &RepoPath::new("web/a.ts").unwrap());
        let at = text.find("\nA;").unwrap() as u32 + 1;
        assert_eq!(unused_without(&facts, &|span| span.start == at).len(), 1);
    }
}
