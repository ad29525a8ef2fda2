module lamplighter/stake

go 1.21
