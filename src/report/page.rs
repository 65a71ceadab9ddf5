//! The manual page of a transform, from its own words and examples.

use super::{clean, line};
use crate::transform::Transform;
use crate::transform::pack::Example;

/// Renders the page.
pub fn page(transform: &Transform, examples: &[Example]) -> String {
    let mut out = String::new();
    line(&mut out, clean(&format!("{}: {}", transform.id, transform.title)));
    line(&mut out, format!("kind {}", transform.kind));
    if let Some(severity) = transform.severity {
        line(&mut out, format!("severity {}", severity.word()));
    }
    for (name, text) in [("What", &transform.doc.what), ("Why", &transform.doc.why), ("Safety", &transform.doc.safety)] {
        if !text.is_empty() {
            line(&mut out, format!("\n{name}"));
            text.lines().for_each(|text| line(&mut out, format!("  {}", clean(text))));
        }
    }
    for example in examples {
        line(&mut out, format!("\nExample: {}", clean(&example.title)));
        for (path, before, after) in example.files() {
            match after {
                Some(after) if after == before => line(&mut out, format!("  {} stays", clean(path))),
                Some(_) => line(&mut out, format!("  {}", clean(path))),
                None => line(&mut out, format!("  {} goes", clean(path))),
            }
            let diff = similar::TextDiff::from_lines(before, after.unwrap_or_default());
            for change in diff.iter_all_changes().filter(|_| after.is_some()) {
                line(
                    &mut out,
                    format!("    {}{}", change.tag(), clean(change.value().trim_end_matches(['\n', '\r']))).trim_end(),
                );
            }
        }
        for place in example.found() {
            line(&mut out, format!("  listed: {}", clean(place)));
        }
    }
    out
}
