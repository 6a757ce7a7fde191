-- The chunk without a value of the data, for models that may see none. Beside the metadata, which is read
-- for every candidate and must stay small.
ALTER TABLE pgagent.long_term_memory ADD COLUMN bare text;
