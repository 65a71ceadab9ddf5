//! `ssot-migrate verify`: judges the gates of the plan on the files as they are.

use super::error::CliError;
use super::format::ListFormat;
use super::progress::Ticker;
use super::project::{At, Project, check_phases, suggested};
use super::{Answer, Global, process, say};
use crate::index::Index;
use crate::lang::python;
use crate::plan::build::Progress;
use crate::plan::gate::{Counted, Figure, Gate, Metric, measure_one};
use crate::plan::spec::{Phase, Plan};
use crate::report::gates::Verified;

/// Judge the gates of the plan: exit with 0 if all pass, with 1 if one fails or is not measured
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Only the gates of this phase; may be given several times
    #[arg(long, value_name = "ID")]
    phase: Vec<String>,
    /// Only this gate; may be given several times
    #[arg(long, value_name = "ID")]
    gate: Vec<String>,
    /// Run the programs of the gates with `metric = "command"`, in the root of the work tree
    #[arg(long, conflicts_with = "at")]
    allow_commands: bool,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
    /// Measure another commit than HEAD's
    #[arg(long, value_name = "REV")]
    at: Option<String>,
    /// Measure the files of the work tree, uncommitted changes and new files included
    #[arg(long, conflicts_with = "at")]
    worktree: bool,
}

pub(super) fn run(global: &Global, args: &Args) -> Result<Answer, CliError> {
    let project = Project::open(global)?;
    let plan = project.plan(global)?;
    let chosen = chosen(&plan, args)?;
    let (snapshot, base, _) = project.snapshot(&At::of(args.at.as_deref(), args.worktree), &plan)?;
    let index = Index::build(snapshot, &plan.options);
    if let Some(error) = index.unreadable(&|path| python::is_source(path) && plan.scope.contains(path)) {
        return Err(error.into());
    }
    let progress = Ticker::start();
    let mut said = String::new();
    let mut measured = |phase: &Phase, gate: &Gate| {
        progress.doing(&format!("{} / gate {}", phase.id, gate.id));
        match &gate.metric {
            Metric::Command(_) if args.allow_commands => run_command(&project, gate, &mut said),
            _ => measure_one(&plan, phase, gate, &index),
        }
    };
    let phases = chosen.into_iter().map(|(phase, gates)| {
        let figures = gates.into_iter().map(|gate| measured(phase, gate)).collect();
        (phase, figures)
    });
    let verified = Verified { plan: &plan, base, phases: phases.collect() };
    drop(progress);
    say(&said);
    let out = match args.format {
        ListFormat::Text => verified.text(),
        ListFormat::Json => verified.json(),
    };
    Ok(Answer::text(&out, u8::from(!verified.passes())))
}

/// The gates that are meant, by phase; at least one.
fn chosen<'p>(plan: &'p Plan, args: &Args) -> Result<Vec<(&'p Phase, Vec<&'p Gate>)>, CliError> {
    check_phases(plan, &args.phase)?;
    let phases = plan.phases.iter().filter(|phase| args.phase.is_empty() || args.phase.contains(&phase.id));
    let mut chosen: Vec<(&Phase, Vec<&Gate>)> = phases.map(|phase| (phase, phase.gates.iter().collect())).collect();
    let all: Vec<&str> = chosen.iter().flat_map(|(_, gates)| gates).map(|gate| gate.id.as_str()).collect();
    let place = match &args.phase[..] {
        [] => format!("the plan `{}` has", plan.name),
        [phase] => format!("the phase `{phase}` has"),
        phases => format!("the phases {} have", phases.join(", ")),
    };
    if all.is_empty() {
        let error = CliError::usage(format!("{place} no gates: there is nothing to verify"));
        return Err(error.hint("a gate is a [[phase.gate]] of the plan"));
    }
    if let Some(unknown) = args.gate.iter().find(|id| !all.contains(&id.as_str())) {
        return Err(suggested(CliError::usage(format!("{place} no gate `{unknown}`")), unknown, "gates", &all));
    }
    for (_, gates) in &mut chosen {
        gates.retain(|gate| args.gate.is_empty() || args.gate.contains(&gate.id));
    }
    chosen.retain(|(_, gates)| !gates.is_empty());
    Ok(chosen)
}

/// Runs the program of a gate. What it says when it fails is added to `said`.
fn run_command(project: &Project, gate: &Gate, said: &mut String) -> Figure {
    let Metric::Command(command) = &gate.metric else { return gate.figure(None, None) };
    let failure = process::run(&command.run, &project.root, command.timeout);
    if let Some(failure) = &failure {
        said.push_str(&format!("gate {}: {}\n", gate.id, failure.what));
        said.extend(failure.tail.iter().map(|line| format!("  {line}\n")));
    }
    let counted = failure.map(|failure| Counted { is_test: false, at: None, what: failure.what });
    gate.figure(Some(counted.into_iter().collect()), None)
}
