//! What is a test and what is service code, by the file's path.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::text::path::RepoPath;
use crate::transform::wire::Table;

/// What a test is where the plan does not say.
const DEFAULT: [&str; 10] = [
    "**/tests/**",
    "**/test_framework/**",
    "**/__tests__/**",
    "**/test_*.py",
    "**/*_test.py",
    "**/conftest.py",
    "**/*.test.ts",
    "**/*.test.tsx",
    "**/*.spec.ts",
    "**/*.spec.tsx",
];

/// The files that are tests.
#[derive(Clone, Debug)]
pub struct TestCode(GlobSet);

impl Default for TestCode {
    fn default() -> Self {
        let mut globs = GlobSetBuilder::new();
        let glob = |glob| GlobBuilder::new(glob).literal_separator(true).build().ok();
        DEFAULT.into_iter().filter_map(glob).for_each(|glob| {
            globs.add(glob);
        });
        Self(globs.build().unwrap_or_default())
    }
}

impl TestCode {
    /// Reads `tests` of a plan's `[scope]`.
    pub fn read(table: &Table<'_>) -> Self {
        table.globs("tests").map(Self).unwrap_or_default()
    }

    /// Whether the file is a test.
    pub fn contains(&self, path: &RepoPath) -> bool {
        self.0.is_match(path.to_os())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_known_by_their_folder_or_their_name() {
        let is_test = |path: &str| TestCode::default().contains(&RepoPath::new(path).unwrap());
        for path in [
            "tests/a.py",
            "app/tests/unit/a.py",
            "test_framework/ssot/a.py",
            "app/test_a.py",
            "a_test.py",
            "conftest.py",
            "web/__tests__/a.tsx",
            "web/a.test.ts",
            "web/a.spec.tsx",
        ] {
            assert!(is_test(path), "{path}");
        }
        for path in ["app/a.py", "app/testing.py", "app/contest.py", "app/tests.py", "web/a.ts", "test_data/a.py"] {
            assert!(!is_test(path), "{path}");
        }
    }
}
