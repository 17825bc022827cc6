"""Parts that several method families share in torch: training loop, EMA, schedules, device."""
