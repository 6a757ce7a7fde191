//! Judges what was found: by the data itself, then by a critic.

use std::time::Instant;

use super::Asked;
use crate::agent::checks;
use crate::agent::critic::{self, Critique};
use crate::agent::event::Event;
use crate::agent::executor::milliseconds;
use crate::agent::numbers::unsourced;
use crate::agent::planner::Feedback;
use crate::agent::prose::{answer_in_words, plain_answer};
use crate::agent::run::Outcome;
use crate::agent::streamed::telling;
use crate::agent::supervisor::Mind;
use crate::agent::told;
use crate::config::{CriticMode, Share};
use crate::error::Error;
use crate::llm::{ModelError, Telling};

impl Asked<'_> {
    pub(super) async fn judge(&mut self) -> Outcome {
        let chat = match &self.supervisor.mind {
            Mind::Model(chat) => chat,
            // It knows what it asked for, and says so in `finish`.
            Mind::Planner(_) => return Outcome::NotJudged,
        };
        let start = Instant::now();
        let share = self.supervisor.settings.share;
        let found = checks::findings(&self.supervisor.sql, &self.records, self.cancel).await;
        let mut findings = critic::findings(&self.records);
        findings.extend(found.iter().cloned());
        // What the data itself contradicts goes back to the planner without a critic's call.
        if self.run.may_plan_again()
            && let Some(finding) = found.into_iter().find(|f| f.mendable)
        {
            self.timings.critique += start.elapsed();
            let told = finding.told(share).to_owned();
            let critique = Critique {
                answer: plain_answer(&self.records),
                answers_question: false,
                confidence: 0.0,
                reason: finding.message,
                suggestion: None,
                unsourced_numbers: Vec::new(),
            };
            return self.doubt(critique, &told);
        }
        let suspicious = !findings.is_empty() || self.run.attempts() > 1;
        let wanted = match (share, self.supervisor.settings.critic) {
            // A critic that knows nothing of the result has nothing to judge.
            (Share::None, _) | (_, CriticMode::Never) => false,
            (_, CriticMode::Always) => true,
            (_, CriticMode::Auto) => suspicious,
        };
        if !wanted {
            for finding in findings {
                self.notice(finding.message);
            }
            return Outcome::NotJudged;
        }
        let reasoning = self
            .plan
            .as_ref()
            .map(|p| p.reasoning.clone())
            .unwrap_or_default();
        let findings: Vec<&str> = findings.iter().map(|f| f.told(share)).collect();
        let request = critic::request(self.question, &reasoning, &self.records, &findings, share);
        if let Some(spent) = self.lacks(&request) {
            self.notice(format!("the answer is not judged: {spent}"));
            return Outcome::OutOfBudget;
        }
        self.observer.observe(&Event::Judging);
        let observer = self.observer;
        let telling = telling(observer);
        // Where the model's own prose is not the answer, it is not shown on its way either.
        let wanted = observer.wants_prose() && share == Share::Rows;
        let told = wanted.then_some(&telling as &Telling<'_>);
        let reply = self.call("critique", chat.as_ref(), &request, told).await;
        self.timings.critique += start.elapsed();
        let critique = match reply {
            Ok(reply) => critic::parse(&reply.text),
            Err(ModelError::Cancelled) if !self.is_late() => {
                self.error = Some(Error::interrupted());
                return Outcome::GaveUp;
            }
            Err(ModelError::Cancelled) => {
                self.notice("the answer is not judged: the time is up".to_owned());
                return Outcome::NotJudged;
            }
            Err(error) => {
                self.notice(format!("the answer is not judged: {error}"));
                return Outcome::NotJudged;
            }
        };
        let Some(mut critique) = critique else {
            self.notice(
                "the answer is not judged: the critic's reply could not be read".to_owned(),
            );
            return Outcome::NotJudged;
        };
        if share > Share::Rows {
            critique.answer = answer_in_words(&self.records);
        }
        critique.unsourced_numbers = unsourced(&critique.answer, self.question, &self.records);
        self.observer.observe(&Event::Judged {
            answers_question: critique.answers_question,
            confidence: critique.confidence,
            duration_ms: milliseconds(start.elapsed()),
        });
        if !critique.answers_question {
            let told = critique.reason.clone();
            return self.doubt(critique, &told);
        }
        self.critique = Some(critique);
        Outcome::Accepted
    }

    /// Keeps the answer in case nothing better comes, and tells the planner what is wrong with it.
    fn doubt(&mut self, critique: Critique, told: &str) -> Outcome {
        if let Some((.., earlier)) = &self.earlier
            && earlier.confidence > critique.confidence
        {
            return Outcome::Worse;
        }
        let mut message = format!("the result does not answer the question: {told}");
        if let Some(suggestion) = &critique.suggestion {
            message.push_str(&format!("\nsuggestion: {suggestion}"));
        }
        for record in &self.records {
            // As it was planned: the values that were filled in are not told again.
            if let (Some(sql), Some(planned)) = (&record.sql, record.step.query()) {
                let share = self.supervisor.settings.share;
                let sql = match share {
                    Share::None => told::query(planned, self.written_with(), share),
                    Share::Rows | Share::Shape => sql.clone(),
                };
                message.push_str(&format!("\nstep {} ran: {sql}", record.step.id));
            }
        }
        self.observer.observe(&Event::Feedback {
            attempt: self.run.attempts(),
            message: message.clone(),
        });
        self.feedback = Some(Feedback(message));
        self.earlier = self
            .plan
            .clone()
            .map(|plan| (plan, self.records.clone(), critique.clone()));
        self.critique = Some(critique);
        Outcome::Doubted
    }
}
