//! The gates of a saved plan, measured again on what is really made of it.

use super::Artefact;
use super::rest::Made;
use crate::index::Index;
use crate::plan::delta::outcome;
use crate::plan::gate::measure;
use crate::plan::gate::worse::PhaseFigures;
use crate::plan::spec::Plan;
use crate::text::snapshot::ChangeError;

impl Artefact {
    /// The figures of each phase of which something is made, before its first step and after its last, as building the plan measures
    /// them. `plan` is the one that was saved, and `index` is of the files that the steps are made on.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn figures(&self, plan: &Plan, index: &Index, made: &[Made]) -> Result<Vec<PhaseFigures>, ChangeError> {
        let mut index = index.advance(index.snapshot().clone());
        let mut figures = Vec::new();
        for made in made.chunk_by(|a, b| self.steps[a.step].phase == self.steps[b.step].phase) {
            let phase = made.first().and_then(|made| plan.phase(&self.steps[made.step].phase));
            let before = phase.map(|phase| measure(plan, phase, &index)).unwrap_or_default();
            for made in made {
                index = index.advance(index.snapshot().with_files(outcome(&made.files))?);
            }
            if let Some(phase) = phase.filter(|_| !before.is_empty()) {
                let after = measure(plan, phase, &index);
                figures.push(PhaseFigures { phase: phase.id.clone(), gates: before.into_iter().zip(after).collect() });
            }
        }
        Ok(figures)
    }
}
