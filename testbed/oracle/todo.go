package main

func client(Request) (Answer, error)    { return Answer{}, nil }
func injection(Request) (Answer, error) { return Answer{}, nil }
