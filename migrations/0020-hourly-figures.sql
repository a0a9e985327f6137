-- What the console's first page counts, hour by hour: an hour that is over is counted once, so that the page costs the same
-- with millions of events, and when somebody tries passwords by the million. Made from audit_events; holds nothing personal.
create table hourly_figures (
  hour timestamptz primary key,
  -- By the event, and a colon and the reason where it was a refusal.
  counts jsonb not null
);
