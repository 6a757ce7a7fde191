//! Calls to models: told to who watches, counted, and held against the budget.

use std::time::Instant;

use super::Asked;
use crate::agent::event::Event;
use crate::agent::executor::milliseconds;
use crate::agent::run::Spent;
use crate::agent::trace;
use crate::agent::usage::Used;
use crate::llm::{ChatModel, ChatReply, ChatRequest, ModelError, Telling, Usage, estimate_tokens};

impl Asked<'_> {
    pub(super) async fn call(
        &mut self,
        stage: &'static str,
        chat: &dyn ChatModel,
        request: &ChatRequest,
        told: Option<&Telling<'_>>,
    ) -> Result<ChatReply, ModelError> {
        self.observer.observe(&Event::Prompt {
            stage,
            system: request.system.clone(),
            user: request.user.clone(),
        });
        let start = Instant::now();
        let reply = self.supervisor.call(chat, request, told, self.cancel).await;
        let content = self.supervisor.settings.trace_content;
        trace::called(chat, request, &reply, content);
        let mut used = Usage::default();
        if let Ok(reply) = &reply {
            used = reply.usage;
            self.observer.observe(&Event::Reply {
                stage,
                text: reply.text.clone(),
            });
        }
        let usd = self.supervisor.settings.prices.cost_usd(chat.name(), used);
        self.used(stage, &Used::call(used, usd));
        self.observer.observe(&Event::ModelCalled {
            stage,
            input_tokens: used.input_tokens,
            output_tokens: used.output_tokens,
            duration_ms: milliseconds(start.elapsed()),
            error: reply.as_ref().err().map(ToString::to_string),
        });
        reply
    }

    pub(super) fn used(&mut self, stage: &str, used: &Used) {
        self.run.spend(
            used.input_tokens + used.output_tokens,
            used.cost_usd.unwrap_or_default(),
        );
        match stage {
            "retrieve" => self.usage.retrieve.add(used),
            "plan" => self.usage.plan.add(used),
            "search" => self.usage.search.add(used),
            _ => self.usage.critique.add(used),
        }
    }

    /// The budget that a call would break by what is sent alone.
    pub(super) fn lacks(&self, request: &ChatRequest) -> Option<Spent> {
        let tokens = estimate_tokens(&request.system) + estimate_tokens(&request.user);
        let tokens = tokens as u64;
        let usage = Usage {
            input_tokens: tokens,
            output_tokens: 0,
        };
        let prices = &self.supervisor.settings.prices;
        let usd = prices.cost_usd(self.supervisor.model(), usage);
        self.run.lacks(tokens, usd.unwrap_or_default())
    }

    /// Whether it is the question's own time that is up, and nobody who interrupts it.
    pub(super) fn is_late(&self) -> bool {
        self.start.elapsed() >= self.supervisor.settings.timeout
    }
}
