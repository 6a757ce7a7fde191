//! One question as a pure state machine: [`Run::next`] says what to do, [`Run::record`] takes what came of
//! it. It knows nothing of models or databases; the Supervisor does what it decides.

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Retrieve,
    /// Ask the planner; the number of the attempt, from 1.
    Plan(u32),
    Execute,
    Judge,
    Finish(End),
}

/// How a question ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Answered,
    /// Answered, and the critic does not agree with it.
    Doubted,
    /// The person is asked back.
    Clarification,
    /// Nothing could be answered.
    Failed,
    /// The attempt after a doubt failed: the answer before it stands.
    EarlierAnswer,
}

/// What came of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Retrieved,
    Planned,
    Clarified,
    /// The plan cannot be used, and the planner can be told why.
    PlanRejected,
    Executed,
    /// Steps failed in a way that another plan may mend.
    StepsFailed,
    Accepted,
    Doubted,
    /// The critic was not needed, or could not be asked.
    NotJudged,
    /// Nothing another plan could mend.
    GaveUp,
}

/// The state of one question, with its budget of attempts.
#[derive(Debug, Clone)]
pub struct Run {
    attempts: u32,
    retries: u32,
    judge: bool,
    doubted: bool,
    state: Action,
}

impl Run {
    /// `retries` plans may follow the first; `judge` tells whether results are judged.
    pub fn new(retries: u32, judge: bool) -> Self {
        Self {
            attempts: 0,
            retries,
            judge,
            doubted: false,
            state: Action::Retrieve,
        }
    }

    pub fn next(&self) -> Action {
        self.state
    }

    /// Plans asked for so far.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether a doubt now would lead to another plan.
    pub fn may_plan_again(&self) -> bool {
        !self.doubted && self.attempts <= self.retries
    }

    pub fn record(&mut self, outcome: Outcome) {
        self.state = match (self.state, outcome) {
            (Action::Finish(end), _) => Action::Finish(end),
            (_, Outcome::GaveUp) => Action::Finish(self.failed()),
            (Action::Retrieve, Outcome::Retrieved) => self.plan(),
            (Action::Plan(_), Outcome::Planned) => Action::Execute,
            (Action::Plan(_), Outcome::Clarified) if !self.doubted => {
                Action::Finish(End::Clarification)
            }
            (Action::Plan(_), Outcome::Clarified) => Action::Finish(End::EarlierAnswer),
            (Action::Plan(_), Outcome::PlanRejected) | (Action::Execute, Outcome::StepsFailed) => {
                self.again()
            }
            (Action::Execute, Outcome::Executed) if self.judge => Action::Judge,
            (Action::Execute, Outcome::Executed) => Action::Finish(End::Answered),
            (Action::Judge, Outcome::Accepted | Outcome::NotJudged) => {
                Action::Finish(End::Answered)
            }
            // One more plan after a doubt, and only one.
            (Action::Judge, Outcome::Doubted) if self.may_plan_again() => {
                self.doubted = true;
                self.plan()
            }
            (Action::Judge, Outcome::Doubted) => Action::Finish(End::Doubted),
            // An outcome that does not belong to the action ends the question rather than looping.
            _ => Action::Finish(self.failed()),
        };
    }

    fn plan(&mut self) -> Action {
        self.attempts += 1;
        Action::Plan(self.attempts)
    }

    fn again(&mut self) -> Action {
        if self.attempts <= self.retries {
            self.plan()
        } else {
            Action::Finish(self.failed())
        }
    }

    fn failed(&self) -> End {
        if self.doubted {
            End::EarlierAnswer
        } else {
            End::Failed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays outcomes through and gives the actions in between.
    fn play(retries: u32, judge: bool, outcomes: &[Outcome]) -> Vec<Action> {
        let mut run = Run::new(retries, judge);
        let mut actions = vec![run.next()];
        for outcome in outcomes {
            run.record(*outcome);
            actions.push(run.next());
        }
        actions
    }

    #[test]
    fn the_common_case_is_one_plan_and_one_verdict() {
        use Action::*;
        assert_eq!(
            play(
                2,
                true,
                &[
                    Outcome::Retrieved,
                    Outcome::Planned,
                    Outcome::Executed,
                    Outcome::Accepted
                ]
            ),
            [Retrieve, Plan(1), Execute, Judge, Finish(End::Answered)]
        );
        assert_eq!(
            play(
                2,
                false,
                &[Outcome::Retrieved, Outcome::Planned, Outcome::Executed]
            ),
            [Retrieve, Plan(1), Execute, Finish(End::Answered)]
        );
    }

    #[test]
    fn at_most_two_plans_follow_a_failure() {
        use Action::*;
        assert_eq!(
            play(
                2,
                true,
                &[
                    Outcome::Retrieved,
                    Outcome::PlanRejected,
                    Outcome::Planned,
                    Outcome::StepsFailed,
                    Outcome::Planned,
                    Outcome::StepsFailed
                ]
            ),
            [
                Retrieve,
                Plan(1),
                Plan(2),
                Execute,
                Plan(3),
                Execute,
                Finish(End::Failed)
            ]
        );
        assert_eq!(
            play(0, true, &[Outcome::Retrieved, Outcome::PlanRejected]),
            [Retrieve, Plan(1), Finish(End::Failed)]
        );
    }

    #[test]
    fn a_doubt_leads_to_one_more_plan() {
        use Action::*;
        let doubted = [
            Outcome::Retrieved,
            Outcome::Planned,
            Outcome::Executed,
            Outcome::Doubted,
        ];
        let mut twice = doubted.to_vec();
        twice.extend([Outcome::Planned, Outcome::Executed, Outcome::Doubted]);
        assert_eq!(play(2, true, &twice).last(), Some(&Finish(End::Doubted)));
        assert_eq!(play(0, true, &doubted).last(), Some(&Finish(End::Doubted)));
    }

    #[test]
    fn a_failure_after_a_doubt_keeps_the_earlier_answer() {
        let outcomes = [
            Outcome::Retrieved,
            Outcome::Planned,
            Outcome::Executed,
            Outcome::Doubted,
            Outcome::GaveUp,
        ];
        assert_eq!(
            play(2, true, &outcomes).last(),
            Some(&Action::Finish(End::EarlierAnswer))
        );
    }

    #[test]
    fn the_end_is_the_end() {
        let mut run = Run::new(2, true);
        run.record(Outcome::GaveUp);
        run.record(Outcome::Retrieved);
        assert_eq!(run.next(), Action::Finish(End::Failed));
    }
}
