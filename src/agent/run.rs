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
    /// The critic doubts it more than the answer before.
    Worse,
    /// What comes next costs more than is left of the budget.
    OutOfBudget,
    /// Nothing another plan could mend.
    GaveUp,
}

/// What a question may use of models. Nothing is no bound.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Budget {
    /// Tokens in and out.
    pub tokens: Option<u64>,
    pub usd: Option<f64>,
}

/// A bound that is reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spent {
    Tokens { used: u64, of: u64 },
    Usd { used: f64, of: f64 },
}

impl std::fmt::Display for Spent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tokens { used, of } => {
                write!(
                    f,
                    "the budget of {of} tokens does not suffice ({used} used)"
                )
            }
            Self::Usd { used, of } => {
                write!(f, "the budget of ${of} does not suffice (${used:.4} used)")
            }
        }
    }
}

/// The state of one question, with its budgets of attempts, tokens and money.
#[derive(Debug, Clone)]
pub struct Run {
    budget: Budget,
    tokens: u64,
    usd: f64,
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
            budget: Budget::default(),
            tokens: 0,
            usd: 0.0,
            attempts: 0,
            retries,
            judge,
            doubted: false,
            state: Action::Retrieve,
        }
    }

    #[must_use]
    pub fn within(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// What a call has used.
    pub fn spend(&mut self, tokens: u64, usd: f64) {
        self.tokens += tokens;
        self.usd += usd;
    }

    /// The bound that a call of at least so much would break, if one.
    pub fn lacks(&self, tokens: u64, usd: f64) -> Option<Spent> {
        let of_tokens = self.budget.tokens.filter(|of| self.tokens + tokens >= *of);
        let of_usd = self.budget.usd.filter(|of| self.usd + usd >= *of);
        of_tokens
            .map(|of| Spent::Tokens {
                used: self.tokens,
                of,
            })
            .or(of_usd.map(|of| Spent::Usd { used: self.usd, of }))
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
        !self.doubted && self.attempts <= self.retries && self.lacks(0, 0.0).is_none()
    }

    pub fn record(&mut self, outcome: Outcome) {
        self.state = match (self.state, outcome) {
            (Action::Finish(end), _) => Action::Finish(end),
            (_, Outcome::GaveUp) => Action::Finish(self.failed()),
            // What was executed is an answer without a verdict.
            (Action::Judge, Outcome::OutOfBudget) => Action::Finish(End::Answered),
            (_, Outcome::OutOfBudget) => Action::Finish(self.failed()),
            (Action::Judge, Outcome::Worse) if self.doubted => Action::Finish(End::EarlierAnswer),
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
        if self.attempts <= self.retries && self.lacks(0, 0.0).is_none() {
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
    fn a_worse_answer_gives_way_to_the_one_before() {
        let doubted = [Outcome::Planned, Outcome::Executed, Outcome::Doubted];
        let worse = [Outcome::Planned, Outcome::Executed, Outcome::Worse];
        let outcomes = [&[Outcome::Retrieved][..], &doubted, &worse].concat();
        assert_eq!(
            play(2, true, &outcomes).last(),
            Some(&Action::Finish(End::EarlierAnswer))
        );
    }

    /// Plays on, and spends tokens with every plan.
    fn play_within(tokens: u64, outcomes: &[Outcome]) -> Action {
        let mut run = Run::new(5, true).within(Budget {
            tokens: Some(tokens),
            usd: None,
        });
        for outcome in outcomes {
            if matches!(run.next(), Action::Plan(_)) {
                run.spend(100, 0.0);
            }
            run.record(*outcome);
        }
        run.next()
    }

    #[test]
    fn a_budget_stops_with_what_there_is() {
        use Outcome::*;
        for (tokens, outcomes, end) in [
            // Failing plans end with the failure.
            (
                250,
                &[Retrieved, Planned, StepsFailed, PlanRejected][..],
                Action::Plan(3),
            ),
            (
                200,
                &[Retrieved, Planned, StepsFailed, PlanRejected],
                Action::Finish(End::Failed),
            ),
            // What is doubted stands as it is.
            (
                100,
                &[Retrieved, Planned, Executed, Doubted],
                Action::Finish(End::Doubted),
            ),
            (
                101,
                &[Retrieved, Planned, Executed, Doubted],
                Action::Plan(2),
            ),
            (
                150,
                &[Retrieved, Planned, Executed, Doubted, Planned, StepsFailed],
                Action::Finish(End::EarlierAnswer),
            ),
            // What is executed is answered without a verdict.
            (
                100,
                &[Retrieved, Planned, Executed, OutOfBudget],
                Action::Finish(End::Answered),
            ),
            (0, &[Retrieved, OutOfBudget], Action::Finish(End::Failed)),
        ] {
            assert_eq!(play_within(tokens, outcomes), end, "{tokens} {outcomes:?}");
        }
    }

    #[test]
    fn a_call_is_held_against_what_is_left() {
        let mut run = Run::new(0, true).within(Budget {
            tokens: Some(1_000),
            usd: Some(0.5),
        });
        assert_eq!(run.lacks(999, 0.49), None);
        run.spend(600, 0.25);
        assert_eq!(run.lacks(399, 0.2), None);
        let lacking = run.lacks(400, 0.2).unwrap().to_string();
        assert_eq!(
            lacking,
            "the budget of 1000 tokens does not suffice (600 used)"
        );
        let lacking = run.lacks(0, 0.25).unwrap().to_string();
        assert_eq!(
            lacking,
            "the budget of $0.5 does not suffice ($0.2500 used)"
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
