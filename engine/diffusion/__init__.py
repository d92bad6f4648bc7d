"""Everything that knows about models: schedule, slots, guidance, prompts, loading, accelerators."""
