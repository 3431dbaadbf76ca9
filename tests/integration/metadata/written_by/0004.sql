UPDATE jobs SET publication = 3;
